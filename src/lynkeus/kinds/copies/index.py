"""The layout of references of copies: coded points and vectors, a shelf for each gallery.

Each gallery has a shelf of its own, so that near-copies in one gallery cannot crowd out the candidates of another.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from lynkeus.core import CorruptError
from lynkeus.index.faiss_flat import FaissFlatIndex
from lynkeus.index.points import ListFinder, PointIndex
from lynkeus.index.protocol import Neighbours
from lynkeus.kinds.items import unpacked
from lynkeus.kinds.protocol import Read, Row
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.voting import PointIds, pack_point_ids

_PROBES = 6
"""Inverted lists searched for each point: see docs/methods/copies.md for what more would find."""

_MORE_FOR_GONE = 64  # see lynkeus.scan.library: with more, a segment is written
"""Removed references that a search makes up for at most."""

_IDS = "ids.npy"


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The references of one gallery in one part."""

    points: PointIndex
    vectors: FaissFlatIndex


@dataclass(frozen=True, slots=True, eq=False)
class CopyPart:
    """Some references.

    Attributes:
        ids: Their ids.
        shelves: Gallery id to the references of the gallery.
    """

    ids: Int64[np.ndarray, " n"]
    shelves: Mapping[int, Shelf]


@dataclass(frozen=True, slots=True, eq=False)
class GalleryView:
    """The references of one gallery: shelves of several parts, each with the ids that no longer count."""

    shelves: tuple[tuple[Shelf, Int64[np.ndarray, " _"]], ...]

    def nearest(self, vectors: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The references with the most similar global vectors."""
        found = [(np.full((len(vectors), count), -1), np.full((len(vectors), count), -np.inf, np.float32))]
        for shelf, gone in self.shelves:
            more = shelf.vectors.search(vectors, count + min(len(gone), _MORE_FOR_GONE))
            found.append((more.ids, np.where(np.isin(more.ids, gone), np.float32(-np.inf), more.score)))
        ids, score = _first(found, count, descending=True)
        return Neighbours(np.where(np.isneginf(score), -1, ids), score)

    def nearest_points(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        count: int,
        *,
        lists: Int64[np.ndarray, "queries probes"],
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Packed ids and squared distances of the nearest local points.

        Args:
            queries: Projected descriptors.
            count: Points wanted for each query.
            lists: The inverted lists searched for each query.
        """
        shape = (len(queries), count)
        found = [(np.full(shape, -1, np.int64), np.full(shape, np.inf, np.float32))]
        for shelf, gone in self.shelves:
            found.append(_living_points(shelf.points, gone, queries, count, lists))
        return _first(found, count, descending=False)


@dataclass(frozen=True, slots=True, eq=False)
class CopyView:
    """References of copies at one moment.

    Attributes:
        galleries: One view for each gallery.
        lists: Finds the inverted lists of points.
        read: Reads stored items of references.
        count: Number of references.
    """

    galleries: tuple[GalleryView, ...]
    lists: Callable[[Float32[np.ndarray, "queries dim"]], Int64[np.ndarray, "queries probes"]]
    read: Read
    count: int

    def __len__(self) -> int:
        """Number of references."""
        return self.count

    def nearest(self, vectors: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The references of all galleries with the most similar global vectors."""
        each = [gallery.nearest(vectors, count) for gallery in self.galleries]
        none = (np.full((len(vectors), count), -1), np.full((len(vectors), count), -np.inf, np.float32))
        return Neighbours(*_first([none, *((found.ids, found.score) for found in each)], count, descending=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyIndex:
    """See ``lynkeus.kinds.protocol.KindIndex``.

    Attributes:
        name: Format and models.
        local: Name of the stored local features.
        vector: Name of the stored global vectors.
        codebook: The codebook that made the local features.
        dim: Length of global vectors.
    """

    name: str
    local: str
    vector: str
    codebook: Codebook
    dim: int

    @property
    def needs(self) -> tuple[str, ...]:
        """Local features and global vectors."""
        return self.local, self.vector

    def build(self, rows: Iterable[Row]) -> CopyPart:
        """A part over some references."""
        galleries: dict[int, _Draft] = defaultdict(lambda: _Draft(self))
        ids: list[int] = []
        for row in rows:
            ids.append(row.reference)
            galleries[row.gallery].add(row)
        return CopyPart(np.array(ids, np.int64), {number: draft.shelf() for number, draft in galleries.items()})

    def ids(self, part: CopyPart) -> Int64[np.ndarray, " n"]:
        """Ids of the references of a part."""
        return part.ids

    def save(self, part: CopyPart, folder: Path) -> None:
        """Write a part into an empty folder."""
        np.save(folder / _IDS, part.ids)
        for number, shelf in part.shelves.items():
            shelf.points.save(folder / f"points-{number}.faiss")
            shelf.vectors.save(folder / f"vectors-{number}.faiss")

    def load(self, folder: Path) -> CopyPart:
        """Read what ``save`` wrote."""
        try:
            ids = np.load(folder / _IDS, allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError, TokenError) as error:
            raise CorruptError(f"{folder / _IDS}: no ids: {error}") from error
        numbers = [int(file.stem.removeprefix("vectors-")) for file in folder.glob("vectors-*.faiss")]
        part = CopyPart(ids, {number: _load_shelf(folder, number) for number in sorted(numbers)})
        shelved = [shelf.vectors.ids() for shelf in part.shelves.values()]
        if not np.array_equal(np.sort(ids), np.sort(np.concatenate([np.zeros(0, np.int64), *shelved]))):
            raise CorruptError(f"{folder}: the shelves do not hold the references of {_IDS}")
        if any(shelf.vectors.dim != self.dim for shelf in part.shelves.values()):
            raise CorruptError(f"{folder}: vectors of another length than {self.dim}")
        return part

    def view(
        self,
        parts: Sequence[CopyPart],
        gone: Int64[np.ndarray, " n"],
        read: Read,
        galleries: frozenset[int] | None,
    ) -> CopyView:
        """References of some parts."""
        none = np.zeros(0, np.int64)
        shelves: dict[int, list[tuple[Shelf, Int64[np.ndarray, " n"]]]] = defaultdict(list)
        count = 0
        for number, part in enumerate(parts):
            for gallery, shelf in part.shelves.items():
                if galleries is None or gallery in galleries:
                    lost = none if number or not len(gone) else shelf.vectors.among(gone)
                    shelves[gallery].append((shelf, lost))
                    count += len(shelf.vectors) - len(lost)
        views = tuple(GalleryView(tuple(shelves[gallery])) for gallery in sorted(shelves))
        return CopyView(views, self._lists, read, count)

    @cached_property
    def _finder(self) -> ListFinder:
        return ListFinder(self.codebook.coarse, self.codebook.fine)

    def _lists(self, queries: Float32[np.ndarray, "queries dim"]) -> Int64[np.ndarray, "queries probes"]:
        return self._finder(queries, _PROBES)


class _Draft:
    """Collects the references of one gallery."""

    def __init__(self, index: CopyIndex) -> None:
        self._index = index
        self._owners: list[int] = []
        self._vectors: list[np.ndarray] = []
        self._lists: list[np.ndarray] = []
        self._codes: list[np.ndarray] = []
        self._names: list[np.ndarray] = []

    def add(self, row: Row) -> None:
        f = CompactFeatures.unpack(row.items[self._index.local])
        self._owners.append(row.reference)
        self._vectors.append(unpacked(row.items[self._index.vector])[: self._index.dim])  # the whole picture's
        self._lists.append(f.lists)
        self._codes.append(f.codes)
        place = (f.points, f.scale, f.angle, f.permutation)
        self._names.append(pack_point_ids(row.reference, *place, width=f.width, height=f.height))

    def shelf(self) -> Shelf:
        codebook = self._index.codebook
        vectors = FaissFlatIndex(self._index.dim)
        vectors.add(np.array(self._owners, np.int64), np.stack(self._vectors))
        points = PointIndex.build(
            codebook.coarse,
            codebook.fine,
            lists=np.concatenate(self._lists),
            codes=np.concatenate(self._codes),
            ids=np.concatenate(self._names),
        )
        return Shelf(points, vectors)


def _living_points(
    points: PointIndex,
    gone: Int64[np.ndarray, " n"],
    queries: Float32[np.ndarray, "queries dim"],
    count: int,
    lists: Int64[np.ndarray, "queries probes"],
) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
    """The nearest points of living references; queries that met removed ones are searched again for more."""
    ids, distance = points.search(queries, count, lists=lists)
    if not len(gone):
        return ids, distance
    again = np.flatnonzero(np.isin(PointIds.unpack(ids).owner, gone).any(axis=1))
    if len(again):
        more = count + _MORE_FOR_GONE
        far, apart = points.search(queries[again], more, lists=np.ascontiguousarray(lists[again]))
        lost = np.isin(PointIds.unpack(far).owner, gone)
        pair = np.where(lost, -1, far), np.where(lost, np.float32(np.inf), apart)
        ids[again], distance[again] = _first([pair], count, descending=False)
    return ids, distance


def _load_shelf(folder: Path, number: int) -> Shelf:
    points, vectors = folder / f"points-{number}.faiss", folder / f"vectors-{number}.faiss"
    return Shelf(PointIndex.load(points), FaissFlatIndex.load(vectors))


def _first(found: Sequence[tuple[Any, Any]], count: int, *, descending: bool) -> tuple[Any, Any]:
    """The best columns of several searches, best first; of equal ones the earlier search's."""
    ids, value = (np.concatenate(each, 1) for each in zip(*found, strict=True))
    order = np.argsort(-value if descending else value, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(value, order, 1)
