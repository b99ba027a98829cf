"""Comparing two pictures without any gallery."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lynkeus.core import Action, Belief, Finding, Picture, Sample, UnreadableError, read_picture
from lynkeus.core.folders import display
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds import DEFAULT, find_kind
from lynkeus.kinds.items import THUMB, Items
from lynkeus.kinds.protocol import RawFinding, Row
from lynkeus.runtime.cards import card

_ONLY = 1  # id of the one reference


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two pictures and how the first shows the second.

    Attributes:
        upload: The first.
        reference: The second.
        finding: What was found, however weak; None for nothing at all. Its action is ``review`` where it is likely.
    """

    upload: Picture
    reference: Picture
    finding: Finding | None

    @property
    def alike(self) -> bool:
        """Whether the first likely shows the second."""
        return self.finding is not None and self.finding.action is not Action.CLEAR


def compare_files(upload: Path, reference: Path) -> Comparison:
    """Whether and how the first picture shows the second.

    Raises:
        UnreadableError: One cannot be read; the text names it.
    """
    shown, shows = _read(reference), _read(upload)
    raw = _match(shows, shown)
    if raw is None:
        return Comparison(shows, shown, None)
    finding = Finding(
        kind=DEFAULT,
        gallery="",
        entity=display(Path(reference.stem)),
        reference=display(Path(reference.name)),
        reference_id=raw.reference_id,
        names_entity=find_kind(DEFAULT).names_entities,
        score=raw.score,
        belief=raw.belief,
        evidence=raw.evidence,
        action=Action.REVIEW if raw.belief >= Belief.LIKELY else Action.CLEAR,
        region=np.asarray(raw.region),
        reference_region=np.asarray(raw.reference_region),
    )
    return Comparison(shows, shown, finding)


def _match(upload: Picture, reference: Picture) -> RawFinding | None:
    """The finding of a gallery that holds one reference."""
    recogniser = find_kind(DEFAULT).load(card)
    items: Items = {**recogniser.enrol(Sample(source=reference)), THUMB: encode_thumbnail(reference.rgb)}

    def read(ids: Iterable[int], item: str) -> Mapping[int, bytes]:
        return {_ONLY: items[item]} if _ONLY in set(ids) and item in items else {}

    part = recogniser.index.build([Row(reference=_ONLY, entity=_ONLY, gallery=_ONLY, items=items)])
    view = recogniser.index.view((part,), np.zeros(0, np.int64), read, None)
    found = recogniser.match(recogniser.observe(upload), view)
    return found[0] if found else None


def _read(path: Path) -> Picture:
    try:
        return read_picture(path, max_side=WORKING_SIDE)
    except UnreadableError as error:
        raise UnreadableError(f"{display(path)}: {error}") from error
