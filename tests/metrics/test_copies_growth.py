"""The growing galleries: nothing is made of what queries are made from; costs are ratios of times taken in turns."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.copies.growing import Maker, Material, grown
from benchmarks.harness.rounds import Rounds
from lynkeus.catalog import NewReference
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds.copies.recogniser import CODEBOOK, DESCRIPTOR, ItemNames
from lynkeus.kinds.items import THUMB, packed, unpacked
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.sift import SiftExtractor
from lynkeus.runtime.cards import card

NAMES = ItemNames.of(card(CODEBOOK), card(DESCRIPTOR))
SOURCES, OTHERS = ("source.jpg",), ("other.jpg", "third.jpg")


@pytest.fixture(scope="module")
def stock() -> dict[str, NewReference]:
    codebook = Codebook.load(card(CODEBOOK).path)
    return dict(_enrolled(codebook))


def _enrolled(codebook: Codebook) -> Iterator[tuple[str, NewReference]]:
    extract = SiftExtractor(side=320, max_points=200)
    for seed, name in enumerate((*SOURCES, *OTHERS)):
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        rgb = np.ascontiguousarray(blocks.repeat(10, axis=0).repeat(10, axis=1))
        vector = rng.standard_normal(256).astype(np.float32)
        items = {
            NAMES.local: CompactFeatures.of(extract(rgb, width=320, height=240), codebook).pack(),
            NAMES.vectors: packed(vector / np.linalg.norm(vector)),
            THUMB: encode_thumbnail(rgb),
        }
        yield name, grown(name, items, "made", width=320, height=240)


def maker_of(stock: dict[str, NewReference]) -> Maker:
    copies: Any = SimpleNamespace(names=NAMES, traits=SimpleNamespace(version="made"))
    return Maker(copies, Material(Path("nowhere"), SOURCES, OTHERS, crops=0), stock)


def test_cuts_are_not_made_of_what_queries_are_made_from(stock: dict[str, NewReference]) -> None:
    maker = maker_of(stock)
    assert [reference.name for reference, _ in maker(0, 3)] == [*SOURCES, *OTHERS]
    assert maker.stored == [stock[name].blobs for name in OTHERS]


def test_cuts_are_parts_of_references_and_follow_from_their_number(stock: dict[str, NewReference]) -> None:
    maker = maker_of(stock)
    list(maker(0, 3))
    cuts, again = ([reference for reference, _ in maker(3, 23)] for _ in range(2))
    assert cuts == again
    for cut in cuts:
        features = CompactFeatures.unpack(cut.blobs[NAMES.local])
        assert 0 < len(features) < 200
        assert features.width < 320
        vector = unpacked(cut.blobs[NAMES.vectors])
        alike = max(vector @ unpacked(stock[name].blobs[NAMES.vectors]) for name in OTHERS)
        assert alike == pytest.approx(0.8, abs=0.01) or alike > 0.99  # both draws may name the same reference


def test_a_cost_is_the_median_of_the_rounds() -> None:
    floors = iter([2.0, 2.0, 2.0])
    made_floor: Any = lambda: next(floors)  # noqa: E731
    rounds = Rounds(made_floor, size=2)
    for seconds in (1.0, 3.0, 6.0, 6.0, 1.0):
        rounds.add(seconds)
    cost = rounds.cost()
    assert (cost.forwards, cost.rounds, cost.pictures) == (1.0, 3, 5)
    assert cost.quartiles == (0.75, 2.0)
