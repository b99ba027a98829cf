"""The figures that come from logits and class maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lynkeus.data.cache import PictureCache
from lynkeus.data.labelled import LabelledPictures
from lynkeus.data.sources import Source
from lynkeus.data.splices import Splice
from lynkeus.models.classifiers.temporal import TemporalClassifier
from lynkeus.recipes.hiding.evaluation import (
    SHARES,
    Answers,
    averaged,
    box_figures,
    boxes_at,
    chosen_share,
    heat_of,
    number_error,
    occluder,
    overlap_table,
)
from lynkeus.recipes.hiding.time_evaluation import evaluate_in_time

pytestmark = pytest.mark.torch

_BOX = np.array([[0.25, 0.25, 0.75, 0.75]])


@pytest.fixture
def pictures(tmp_path: Path) -> LabelledPictures:
    """Eight pictures of two classes with a box in the middle; two choose, four are tested."""
    pixels = np.memmap(tmp_path / "pixels.u8", dtype=np.uint8, mode="w+", shape=(8 * 16 * 16 * 3,))
    cache = PictureCache(
        pixels=pixels,
        start=np.arange(8) * 16 * 16 * 3,
        shape=np.full((8, 2), 16),
        source=np.zeros(8, np.int64),
        folder=np.zeros(8, np.int64),
        paths=tuple(f"{number}.png" for number in range(8)),
        sources=(Source(folder="set", terms="free", share=1.0),),
        key="made",
    )
    return LabelledPictures(
        cache=cache,
        names=("a", "b"),
        label=np.arange(8) % 2,
        value=np.full(8, np.nan),
        part=np.array([0, 0, 1, 1, 2, 2, 2, 2]),
        boxes=(_BOX,) * 8,
    )


def _answers(count: int, *, inner: float = 1.0) -> Answers:
    """Maps that are highest in the middle for the first class, in a corner for the second."""
    maps = np.zeros((count, 2, 8, 8), np.float32)
    maps[:, 0, 2:6, 2:6] = inner
    maps[:, 1, :2, :2] = inner
    return Answers(logit=np.tile(np.array([2.0, 0.0], np.float32), (count, 1)), maps=maps)


def test_a_map_is_laid_over_its_picture_from_0_to_1() -> None:
    ramp = np.array([[-3.0, -1.0], [-3.0, -1.0]], np.float32)
    heat = heat_of(ramp, 8)
    assert (heat.min(), heat.max()) == (0.0, 1.0)
    assert heat[0, 0] < heat[0, 4] < heat[0, 7]
    assert not heat_of(np.full((3, 3), 5.0, np.float32), 6).any()


def test_boxes_are_shares_of_the_picture_and_shrink_with_the_threshold() -> None:
    heat = np.zeros((10, 10), np.float32)
    heat[2:8, 4:10] = 0.5
    heat[4:6, 5:7] = 1.0
    assert boxes_at(heat, (0.4, 0.9)) == [(0.4, 0.2, 1.0, 0.8), (0.5, 0.4, 0.7, 0.6)]
    assert boxes_at(np.zeros((4, 4), np.float32), (0.5,)) == [None]


def test_the_true_class_is_looked_at_not_the_first(pictures: LabelledPictures) -> None:
    numbers = pictures.of("test")
    overlap = overlap_table(_answers(4).maps, pictures, numbers, side=32)
    assert (overlap[0::2].max(axis=1) > 0.8).all()
    assert (overlap[1::2].max(axis=1) < 0.2).all()


def test_the_threshold_is_that_of_the_pictures_that_choose(pictures: LabelledPictures) -> None:
    choosing, tested = _answers(2), _answers(4)
    figures, share = box_figures(choosing, tested, pictures, side=32)
    assert figures["GT-known localisation"] == 0.5
    assert figures["top-1 localisation"] == 0.5
    assert figures["threshold of the map"] == share
    flat = replace(choosing, maps=choosing.maps + np.linspace(0, 0.4, 64, dtype=np.float32).reshape(8, 8))
    _, other = box_figures(flat, tested, pictures, side=32)
    assert other != share
    same, _ = box_figures(choosing, replace(tested, maps=-tested.maps), pictures, side=32)
    assert same["threshold of the map"] == share


def test_of_equal_thresholds_the_middle_one_is_chosen() -> None:
    overlap = np.zeros((3, len(SHARES)))
    overlap[:, 10:21] = 0.6
    assert chosen_share(overlap) == SHARES[15]


def test_several_models_are_averaged_whatever_the_size_of_their_maps_numbers() -> None:
    one, other = _answers(3), _answers(3, inner=1000.0)
    found = averaged([one, other])
    np.testing.assert_allclose(found.maps, one.maps)
    np.testing.assert_array_equal(found.first, [0, 0, 0])
    chance = np.exp(found.logit)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0, rtol=1e-5)


def test_the_number_is_the_mean_of_the_classes_by_their_chances(pictures: LabelledPictures) -> None:
    value = np.array([20.0, 40.0, 0, 0, 24.0, 24.0, 24.0, 24.0])
    even = replace(_answers(4), logit=np.zeros((4, 2), np.float32))
    assert number_error(even, replace(pictures, value=value)) == pytest.approx(6.0)


def test_what_covers_is_the_same_each_time_and_covers_something(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), 90, np.uint8)
    cover = occluder(tmp_path)
    one, same, other = (cover(picture, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert 0.05 < (one != picture).any(axis=2).mean() < 0.7


def test_a_map_over_time_that_is_right_finds_all_and_one_that_sees_half_finds_half() -> None:
    features = {
        0: np.tile(np.array([1, 0, 0], np.float32), (8, 1)),
        1: np.tile(np.array([0, 1, 0], np.float32), (8, 1)),
    }
    features[2] = np.zeros((8, 3), np.float32)
    clip = np.array([2] * 6 + [0] * 5 + [1] * 5 + [2] * 8)
    video = Splice(clip, np.zeros(24, np.int64), 0, ((6, 11), (11, 16)))

    def model(telling: float, shared: float) -> TemporalClassifier:
        made = TemporalClassifier(dim=3, width=1, classes=1)
        made.requires_grad_(requires_grad=False)
        for weight in made.parameters():
            weight.zero_()
        made.filter.weight[0, 0, 1], made.filter.weight[0, 1, 1] = telling, shared
        made.classify.weight.fill_(1.0)
        return made

    both = evaluate_in_time(model(1.0, 0.9), features, choosing=[video], tested=[video], rate=1.0).figures
    assert (both["mAP at 0.5"], both["telling parts found"], both["shared parts found"]) == (1.0, 1.0, 1.0)
    half = evaluate_in_time(model(1.0, 0.0), features, choosing=[video], tested=[video], rate=1.0).figures
    assert (half["telling parts found"], half["shared parts found"]) == (1.0, 0.0)
    assert half["mAP at 0.1"] == 1.0
