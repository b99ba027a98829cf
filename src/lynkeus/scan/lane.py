"""One kind in one home: from an observed upload to findings, and from items to the reference that they nearly are."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic

import numpy as np
from jaxtyping import Float32

from lynkeus.catalog import Catalog, NewReference, Owner, Reference
from lynkeus.core import Finding, Picture
from lynkeus.kinds import Kind
from lynkeus.kinds.items import THUMB, Items
from lynkeus.kinds.protocol import Observation, Part, RawFinding, Recogniser, SomeView
from lynkeus.scan.judge import Judge
from lynkeus.scan.library import Library


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one upload.

    Attributes:
        candidates: Every candidate, also below any policy, best first.
        shown: Those of them that are reported.
    """

    candidates: tuple[Finding, ...] = ()
    shown: tuple[Finding, ...] = ()

    def __add__(self, other: "Found") -> "Found":
        """Both, best first."""
        return Found(_best_first(self.candidates + other.candidates), _best_first(self.shown + other.shown))


@dataclass(frozen=True, slots=True, eq=False)
class Lane(Generic[Observation, Part, SomeView]):
    """One kind in one home.

    Attributes:
        kind: What is said of the kind.
        recogniser: What the kind does, normalised with the home's clean pictures.
        library: The registered references of the kind.
        catalog: The catalog of the home.
    """

    kind: Kind
    recogniser: Recogniser[Observation, Part, SomeView]
    library: Library[Part, SomeView]
    catalog: Catalog

    def found(self, seen: Observation, source: Callable[[], Picture], view: SomeView, judge: Judge) -> Found:
        """What a view finds in an upload, with names, rates and actions.

        Args:
            seen: The observed upload.
            source: Gives the upload's pixels, or its thumbnail with its full size.
            view: The references that count.
            judge: Calibrations and policies.
        """
        raw = self.recogniser.match(seen, view)
        references = self.catalog.references.many([each.reference_id for each in raw])
        living = [(each, references[each.reference_id]) for each in raw if _lives(references.get(each.reference_id))]
        rulings = [(each, judge(each, reference)) for each, reference in living]
        candidates = tuple(ruling.finding for _, ruling in rulings)
        reported = [(each, ruling.finding) for each, ruling in rulings if ruling.reported]
        if not reported:
            return Found(candidates)
        places = self.recogniser.locate(source(), [each for each, _ in reported], view)
        placed = [
            _at(finding, place) for (_, finding), place in zip(reported, places, strict=True) if place is not None
        ]
        return Found(candidates, tuple(placed))

    def stored(self, owner: Owner, number: int) -> Items:
        """What is stored of a reference, a clean picture or an upload: the items of this kind, and the thumbnail."""
        wanted = dict.fromkeys((*self.recogniser.index.needs, *self.recogniser.traits.keeps, THUMB))
        return self.catalog.blobs.items(owner, [number], list(wanted))[number]

    def described(self, items: Items) -> bool:
        """Whether items of a clean picture or an upload come from the models in use."""
        return self.recogniser.traits.keeps[0] in items

    def twin(self, items: Items) -> int | None:
        """The registered reference that a picture nearly is; None for none.

        Args:
            items: What was enrolled of the picture, with its thumbnail.
        """
        view = self.library.snapshot().view
        near = view.nearest(self.recogniser.vector(items)[None], 1)
        number = int(near.ids[0, 0])
        if number < 0 or near.score[0, 0] < self.recogniser.traits.alike:
            return None
        other = self.stored(Owner.REFERENCE, number)
        return number if self._whole(other) and self.recogniser.again(items, other) else None

    def is_reference(self, items: Items, number: int) -> bool:
        """Whether a clean picture is a reference over again.

        Args:
            items: What is kept of the clean picture, with its thumbnail.
            number: The reference.
        """
        other = self.stored(Owner.REFERENCE, number)
        if not self._whole(other):  # it was removed meanwhile
            return False
        alike = float(self.recogniser.vector(items) @ self.recogniser.vector(other))
        return alike >= self.recogniser.traits.alike and self.recogniser.again(items, other)

    def _whole(self, items: Items) -> bool:
        """Whether all items of a reference are there."""
        return all(item in items for item in self.recogniser.index.needs)

    def label(self, gallery: str, reference: NewReference | Reference) -> str:
        """What users call a reference; with its entity where file names repeat."""
        middle = f"{reference.entity}/" if self.kind.names_entities else ""
        return f"{gallery}/{middle}{reference.name}"


AnyLane = Lane[Any, Any, Any]
"""A lane of whichever kind."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    label: str
    digest: str
    items: Items
    vector: Float32[np.ndarray, " d"]


@dataclass(frozen=True, slots=True)
class Recent:
    """The last enrolled pictures, which a snapshot may not show yet.

    Attributes:
        lane: Their kind.
        most: How many are remembered: a batch, and what threads take ahead.
    """

    lane: AnyLane
    most: int
    _held: deque[_Held] = field(default_factory=deque[_Held])

    def add(self, label: str, digest: str, items: Items) -> None:
        """Remember an enrolled picture; equal bytes are remembered once.

        Args:
            label: What users call it.
            digest: SHA-256 of the file's bytes.
            items: What was enrolled, with the thumbnail.
        """
        if all(held.digest != digest for held in self._held):
            self._held.append(_Held(label, digest, items, self.lane.recogniser.vector(items)))
        while len(self._held) > self.most:
            self._held.popleft()

    def twin(self, items: Items) -> str:
        """Label of the remembered picture that an enrolled one nearly is; empty for none."""
        vector = self.lane.recogniser.vector(items)
        alike = [(float(held.vector @ vector), held) for held in self._held]
        similarity, held = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if held is None or similarity < self.lane.recogniser.traits.alike:
            return ""
        return held.label if self.lane.recogniser.again(items, held.items) else ""


def _lives(reference: Reference | None) -> bool:
    return reference is not None and reference.removed_revision is None


def _at(finding: Finding, place: RawFinding) -> Finding:
    """A finding where its kind located it."""
    return replace(finding, region=place.region, reference_region=place.reference_region, evidence=place.evidence)


def _best_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: -finding.score))
