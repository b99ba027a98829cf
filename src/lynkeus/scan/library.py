"""What a scan looks into: the references of one kind, as an index kept in step with the catalog.

A view is an immutable snapshot: a segment on disk (its vectors memory-mapped), a few parts in memory for what came
since (each at least twice as large as the next, so that a new reference costs little), and the ids of what was removed.
``Library.view`` asks the catalog for its revision and applies what changed; it is cheap enough for every upload.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from lynkeus.catalog import Catalog, Owner, Stamp
from lynkeus.core import CorruptError
from lynkeus.index.faiss_flat import FaissFlatIndex
from lynkeus.index.points import ListFinder, PointIndex
from lynkeus.index.protocol import Neighbours
from lynkeus.index.segments import Segment, SegmentFolder
from lynkeus.kinds.protocol import GLOBAL, LOCAL
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.voting import PointIds, pack_point_ids

PROBES = 6
_COMPACT_AFTER = 256
_COMPACT_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """An index over some references; ``ids`` are theirs."""

    ids: Int64[np.ndarray, " n"]
    points: PointIndex
    vectors: FaissFlatIndex


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A snapshot of the library; see ``lynkeus.kinds.protocol.GalleryView``."""

    stamp: Stamp
    parts: tuple[_Part, ...]
    gone: Int64[np.ndarray, " n"]
    _catalog: Catalog
    _lists: ListFinder

    def __len__(self) -> int:
        """Number of references."""
        return sum(len(part.ids) for part in self.parts) - len(self.gone)

    def nearest(self, vectors: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The references with the most similar global vectors."""
        ids, score = (
            [np.full((len(vectors), count), -1)],
            [np.full((len(vectors), count), -np.inf, np.float32)],
        )
        for part, gone in self._with_gone():
            found = part.vectors.search(vectors, count + min(len(gone), 64))
            score.append(np.where(np.isin(found.ids, gone), np.float32(-np.inf), found.score))
            ids.append(found.ids)
        all_ids, all_score = np.concatenate(ids, 1), np.concatenate(score, 1)
        order = np.argsort(-all_score, axis=1, kind="stable")[:, :count]
        best = np.take_along_axis(all_score, order, 1)
        return Neighbours(np.where(np.isneginf(best), -1, np.take_along_axis(all_ids, order, 1)), best)

    def nearest_points(
        self, queries: Float32[np.ndarray, "queries dim"], count: int
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Packed ids and squared distances of the nearest local points of all references."""
        lists = self._lists(queries, PROBES)
        shape = (len(queries), count)
        ids, distance = [np.full(shape, -1, np.int64)], [np.full(shape, np.inf, np.float32)]
        for part, gone in self._with_gone():
            found, apart = part.points.search(queries, count, lists=lists)
            lost = np.isin(PointIds.unpack(found).owner, gone) if len(gone) else np.zeros(shape, bool)
            ids.append(np.where(lost, -1, found))
            distance.append(np.where(lost, np.float32(np.inf), apart))
        all_ids, all_distance = np.concatenate(ids, 1), np.concatenate(distance, 1)
        order = np.argsort(all_distance, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(all_ids, order, 1), np.take_along_axis(all_distance, order, 1)

    def _with_gone(self) -> list[tuple[_Part, Int64[np.ndarray, " n"]]]:
        """The parts, each with the ids in it that no longer count: only the segment has such."""
        none = np.zeros(0, np.int64)
        return [(part, none if number else self.gone) for number, part in enumerate(self.parts)]

    def items(self, reference_ids: Iterable[int], part: str) -> Mapping[int, bytes]:
        """Stored items of references; those without the part are left out."""
        return self._catalog.blobs.read(Owner.REFERENCE, reference_ids, part)


class Library:
    """The references of one kind; safe to use from several threads.

    Args:
        catalog: Where references live.
        folder: Where segments may be written.
        codebook: The fixed codebook of local features.
        dim: Length of global vectors.
        kind: The recogniser's kind.
    """

    def __init__(self, catalog: Catalog, folder: Path, *, codebook: Codebook, dim: int, kind: str = "copy") -> None:
        self._catalog = catalog
        self._folder = folder
        self._codebook = codebook
        self._dim = dim
        self._kind = kind
        self._lock = threading.Lock()
        self._lists = ListFinder(codebook.coarse, codebook.fine)
        self._view: View | None = None

    def view(self) -> View:
        """The state of the catalog as of now."""
        stamp = self._catalog.stamp()
        with self._lock:
            view = self._view
            if view is None or (view.stamp.database_id, view.stamp.epoch) != (stamp.database_id, stamp.epoch):
                view = self._open(stamp)
            if view.stamp.revision != stamp.revision:
                view = self._advance(view)
            self._view = view
            return view

    def compact(self, *, force: bool = False) -> bool:
        """Write a segment where enough has changed since the last; True where one was written.

        Args:
            force: Write one in any case.
        """
        view = self.view()
        loose = sum(len(part.ids) for part in view.parts[1:]) + len(view.gone)
        if not force and loose < max(_COMPACT_AFTER, _COMPACT_SHARE * len(view)):
            return False
        whole = self._build(self._living(view))

        def fill(folder: Path) -> None:
            whole.points.save(folder / "points.faiss")
            whole.vectors.save(folder / "vectors.faiss")
            np.save(folder / "ids.npy", whole.ids)

        written = self._segments(view.stamp).write(view.stamp.revision, fill)
        with self._lock:
            self._view = replace(view, parts=(whole,), gone=np.zeros(0, np.int64))
        return written is not None

    def subset(self, reference_ids: Sequence[int]) -> View:
        """A view of some references only: to match what came later against newer references."""
        part = self._build(np.array(sorted(reference_ids), np.int64))
        return replace(self.view(), parts=(part,), gone=np.zeros(0, np.int64))

    def _segments(self, stamp: Stamp) -> SegmentFolder:
        return SegmentFolder(self._folder, database=stamp.database_id, epoch=stamp.epoch)

    def _open(self, stamp: Stamp) -> View:
        """The newest segment on disk, or an empty view at revision 0."""
        segment = self._segments(stamp).newest()
        base = None if segment is None or segment.revision > stamp.revision else self._load(segment)
        parts = () if base is None else (base,)
        revision = segment.revision if base is not None and segment is not None else 0
        return View(replace(stamp, revision=revision), parts, np.zeros(0, np.int64), self._catalog, self._lists)

    def _load(self, segment: Segment) -> _Part | None:
        try:
            ids = np.load(segment.folder / "ids.npy", allow_pickle=False)
            points = PointIndex.load(segment.folder / "points.faiss")
            return _Part(ids, points, FaissFlatIndex.load(segment.folder / "vectors.faiss"))
        except (OSError, ValueError, CorruptError):
            return None

    def _advance(self, view: View) -> View:
        """The view with what changed in the catalog since."""
        changes = self._catalog.references.changes_since(view.stamp.revision, kind=self._kind)
        base = view.parts[:1] if view.parts else (self._build(np.zeros(0, np.int64)),)
        loose = view.parts[1:]
        changed = np.array(sorted({*changes.added, *changes.removed}), np.int64)
        stale = changed[np.isin(changed, base[0].ids)]
        added = np.array(changes.added, np.int64)
        parts = [self._less(part, changed) for part in loose]
        if len(added):
            ids = added
            while parts and len(parts[-1].ids) < 2 * len(ids):
                ids = np.concatenate([parts.pop().ids, ids])
            parts.append(self._build(ids))
        gone = np.union1d(view.gone, stale)
        return replace(view, stamp=changes.stamp, parts=(*base, *parts), gone=gone)

    def _less(self, part: _Part, lost: Int64[np.ndarray, " m"]) -> _Part:
        """A part without some references; itself where it has none of them."""
        hit = np.isin(part.ids, lost)
        return self._build(part.ids[~hit]) if hit.any() else part

    def _living(self, view: View) -> Int64[np.ndarray, " n"]:
        base = [part.ids[~np.isin(part.ids, view.gone)] for part in view.parts[:1]]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *base, *(part.ids for part in view.parts[1:])]))

    def _build(self, ids: Int64[np.ndarray, " n"]) -> _Part:
        """An index over references, from their stored items."""
        vectors = FaissFlatIndex(self._dim)
        lists: list[Int64[np.ndarray, " n"]] = [np.zeros(0, np.int64)]
        codes = [np.zeros((0, self._codebook.fine.shape[0] // 2), np.uint8)]
        names = [np.zeros(0, np.int64)]
        for start in range(0, len(ids), 1024):
            batch = [int(i) for i in ids[start : start + 1024]]
            stored = self._catalog.blobs.read(Owner.REFERENCE, batch, GLOBAL)
            if stored:
                rows = np.stack([np.frombuffer(raw, np.float16).astype(np.float32) for raw in stored.values()])
                vectors.add(np.array(list(stored), np.int64), rows)
            for owner, raw in self._catalog.blobs.read(Owner.REFERENCE, batch, LOCAL).items():
                f = CompactFeatures.unpack(raw)
                lists.append(f.lists)
                codes.append(f.codes)
                names.append(
                    pack_point_ids(owner, f.points, f.scale, f.angle, f.permutation, width=f.width, height=f.height)
                )
        points = PointIndex.build(
            self._codebook.coarse,
            self._codebook.fine,
            lists=np.concatenate(lists),
            codes=np.concatenate(codes),
            ids=np.concatenate(names),
        )
        return _Part(ids, points, vectors)
