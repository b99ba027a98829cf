"""The one protocol of all kinds: what a recogniser stores, how its references are laid out, what it finds.

A recogniser sees references through a view that its index makes: vectors, indexes and stored items, nothing of the
database. ``lynkeus.testing.check_kind`` tests what is promised here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int64

from lynkeus.core import Belief, Evidence, Picture, Sample, Span
from lynkeus.index.protocol import Neighbours
from lynkeus.kinds.items import Items
from lynkeus.runtime.cards import ModelCard

Read = Callable[[Iterable[int], str], Mapping[int, bytes]]
"""Stored bytes of references by reference id, for one item; references without the item are left out."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RawFinding:
    """A finding before calibration and policy.

    Attributes:
        reference_id: Number of the reference in the catalog.
        score: Continuous raw score, higher is more alike.
        belief: How far the finding convinces by itself.
        evidence: What a person can check.
        region: Outline of the match in the upload, full-size pixels, corners in order; empty where unknown.
        reference_region: Outline of the matched part in the reference.
        span: When the upload shows it; None for pictures.
        reference_span: Which part of the reference is shown; None for pictures.
        figures: What the score was made of, name to number.
    """

    reference_id: int
    score: float
    evidence: Evidence
    belief: Belief
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    region: Float[np.ndarray, "n 2"] = field(default_factory=lambda: np.zeros((0, 2)))
    reference_region: Float[np.ndarray, "m 2"] = field(default_factory=lambda: np.zeros((0, 2)))
    span: Span | None = None
    reference_span: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What is fixed of a loaded recogniser.

    Attributes:
        version: Version of what the recogniser stores.
        models: Cards of the models that it uses; may be none. Where a model of the user's own may replace one, that one
            is the first, and the second holds clean vectors that the first made.
        scorer: Digest of all that a raw score rests on beside the two pictures: version, own models, clean vectors.
        keeps: Items that ``keep`` gives; the first is there for every picture.
        additive: Whether the best score over two sets of references is the better of the two best scores, or hardly
            lower where references compete.
        alike: Similarity of two vectors below which two pictures are not nearly the same.
    """

    version: str
    models: tuple[ModelCard, ...]
    scorer: str
    keeps: tuple[str, ...]
    additive: bool
    alike: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One reference as an index takes it in.

    Attributes:
        reference: Id of the reference.
        entity: Id of the entity that it shows.
        gallery: Id of the gallery.
        items: The items that the index needs.
    """

    reference: int
    entity: int
    gallery: int
    items: Items


@runtime_checkable
class View(Protocol):
    """References of one kind at one moment."""

    def __len__(self) -> int:
        """Number of references."""
        ...

    def nearest(self, vectors: Float32[np.ndarray, "queries d"], count: int) -> Neighbours:
        """The references with the most similar vectors (``Recogniser.vector``); ids are reference ids."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WorthMatching:
    """Clean pictures whose best score a new reference may beat.

    Attributes:
        matched: Ids of those that ``Recogniser.match`` must see, most promising first; only so many.
        unverified: Clean picture to its score with the reference, where the score beats the best, and where ``match``
            would give the same score without any verification.
    """

    matched: tuple[int, ...]
    unverified: Mapping[int, float]


Observation = TypeVar("Observation")
Part = TypeVar("Part")
SomeView = TypeVar("SomeView", bound=View)
SomeView_co = TypeVar("SomeView_co", bound=View, covariant=True)
SomeView_contra = TypeVar("SomeView_contra", bound=View, contravariant=True)


@runtime_checkable
class KindIndex(Protocol[Part, SomeView_co]):
    """How the references of a kind are laid out to be searched. A part is immutable.

    Attributes of an implementation are read-only.
    """

    @property
    def name(self) -> str:
        """Format and models; indexes of two names never meet. A file name."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Items that ``build`` reads of each row."""
        ...

    def build(self, rows: Iterable[Row]) -> Part:
        """A part over some references; over none it is empty."""
        ...

    def ids(self, part: Part) -> Int64[np.ndarray, " n"]:
        """Ids of the references of a part, each once."""
        ...

    def save(self, part: Part, folder: Path) -> None:
        """Write a part into an empty folder.

        Raises:
            OSError: A file cannot be written.
        """
        ...

    def load(self, folder: Path) -> Part:
        """Read what ``save`` wrote.

        Raises:
            CorruptError: A file is missing or damaged.
        """
        ...

    def view(
        self, parts: Sequence[Part], gone: Int64[np.ndarray, " n"], read: Read, galleries: frozenset[int] | None
    ) -> SomeView_co:
        """References of some parts.

        Args:
            parts: No reference is in two of them.
            gone: References of the first part that no longer count.
            read: Reads stored items of references.
            galleries: Ids of the galleries that count; None means all.
        """
        ...


@runtime_checkable
class Recogniser(Protocol[Observation, Part, SomeView]):
    """Stores what references show, and finds it in uploads."""

    @property
    def traits(self) -> Traits:
        """What is fixed of the recogniser."""
        ...

    @property
    def index(self) -> KindIndex[Part, SomeView]:
        """The layout of the references."""
        ...

    def enrol(self, sample: Sample) -> Items:
        """What is stored of a reference.

        Raises:
            UnreadableError: The sample cannot be enrolled, such as a picture without a face; the text says why.
        """
        ...

    def observe(self, source: Picture) -> Observation:
        """Look at an upload once, for any number of views."""
        ...

    def keep(self, seen: Observation) -> Items:
        """What a rescan or a calibration needs of an observation."""
        ...

    def recall(self, items: Items) -> Observation:
        """The observation that ``keep`` stored; from the thumbnail alone where nothing is kept."""
        ...

    def match(self, seen: Observation, view: SomeView) -> list[RawFinding]:
        """Every candidate of the view, however weak, best first; so many for each gallery."""
        ...

    def locate(self, source: Picture, found: Sequence[RawFinding], view: SomeView) -> list[RawFinding | None]:
        """Where the upload shows what is reported, one answer for each finding.

        Args:
            source: The upload, or its thumbnail with the full size of the upload.
            found: What is reported of it, best first.
            view: The view that they were found in.

        Returns:
            None in the place of a finding that a better one explains.
        """
        ...

    def vector(self, items: Items) -> Float32[np.ndarray, " d"]:
        """The vector, of length 1, among the items of ``enrol`` or ``keep``; near-copies are looked up by it."""
        ...

    def again(self, items: Items, other: Items) -> bool:
        """Whether stored items are of nearly the same picture as others."""
        ...

    def normalised(self, clean: Sequence[Items]) -> "Recogniser[Observation, Part, SomeView]":
        """The same recogniser with more clean pictures that scores are normalised with.

        Args:
            clean: Items that ``keep`` gave for clean pictures, or their vectors alone.
        """
        ...


@runtime_checkable
class CleanSearch(Protocol[SomeView_contra]):
    """What an additive recogniser may offer beside ``Recogniser``: cheap rates.

    Without it, each clean picture is matched whenever the gallery gets a reference.
    """

    def worth_matching(self, reference: Items, clean: SomeView_contra, best: Mapping[int, float]) -> WorthMatching:
        """Search clean pictures with a new reference.

        Args:
            reference: Items of the reference, with its thumbnail.
            clean: Clean pictures, laid out as references are; their ids are ids of clean pictures.
            best: The best score of each clean picture so far.
        """
        ...
