"""What a scan looks into: the references of one kind, as an index kept in step with the catalog.

A snapshot is immutable: a segment on disk, a few parts in memory for what came since (each at least twice as large as
the next, so that a new reference costs little), and the ids of what was removed. ``Library.snapshot`` asks the catalog
for its revision and applies what changed; it is cheap enough for every upload.
"""

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic

import numpy as np
from jaxtyping import Int64

from lynkeus.catalog import Catalog, Owner, Stamp
from lynkeus.core import ConflictError, CorruptError
from lynkeus.index.segments import SegmentFolder
from lynkeus.kinds.protocol import KindIndex, Part, Row, SomeView

_COMPACT_GONE = 64  # removed references: a search makes up for so many
_COMPACT_AFTER = 256  # changes: fewer are built in memory within a second whenever a process starts
_COMPACT_SHARE = 0.1  # of all references: rewriting a segment costs as much as building it
_ROWS = 1024  # references read at once: 10 MB of points
_VIEWS = 8  # sets of galleries whose views are held at once: a view of objects copies their vectors
_NONE = np.zeros(0, np.int64)
CLEAN = "clean-"
"""What stands before the name of an index where clean pictures are laid out."""

_LOG = logging.getLogger("lynkeus")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[SomeView]):
    """References at one moment.

    Attributes:
        view: What a recogniser sees of them.
        stamp: The state of the catalog.
    """

    view: SomeView
    stamp: Stamp


@dataclass(frozen=True, slots=True, eq=False)
class _State(Generic[Part]):
    """The parts that hold all references at a stamp; ``gone`` are those of the first part that no longer count."""

    stamp: Stamp
    parts: tuple[Part, ...]
    gone: Int64[np.ndarray, " n"]


class Library(Generic[Part, SomeView]):
    """The references of one kind; safe to use from several threads.

    Args:
        catalog: Where references live.
        folder: Where segments of the kind may be written.
        kind: Name of the kind.
        index: The layout of the references.
    """

    def __init__(self, catalog: Catalog, folder: Path, *, kind: str, index: KindIndex[Part, SomeView]) -> None:
        self._catalog = catalog
        self._kind = kind
        self._index = index
        self._segments = SegmentFolder(folder / index.name)
        self._lock = threading.Lock()
        self._state: _State[Part] | None = None
        self._views: dict[frozenset[int] | None, SomeView] = {}

    def snapshot(self, galleries: frozenset[int] | None = None) -> Snapshot[SomeView]:
        """The references as of now.

        Args:
            galleries: Ids of the galleries that count; None means all.

        Raises:
            ConflictError: Another model described a reference.
        """
        with self._lock:
            state = self._current()
            view = self._views.get(galleries)
            if view is None:
                view = self._index.view(state.parts, state.gone, self._read, galleries)
                while len(self._views) >= _VIEWS:
                    del self._views[next(iter(self._views))]
                self._views[galleries] = view
            return Snapshot(view, state.stamp)

    def only(self, reference_ids: Iterable[int]) -> SomeView:
        """A view of some references alone, such as those that came later.

        Raises:
            ConflictError: Another model described one of them.
        """
        part = self._build(np.array(sorted(reference_ids), np.int64))
        return self._index.view((part,), _NONE, self._read, None)

    def compact(self, *, force: bool = False) -> bool:
        """Write a segment where enough has changed since the last; gives whether one was written.

        A segment that cannot be written is told on standard error, and is no error: the catalog is the truth.

        Args:
            force: Write a segment in any case; wait for another process that writes one now.
        """
        try:
            with self._segments.locked(wait=force) as held:
                return held and self._compact(force=force)
        except OSError as error:
            _LOG.warning("the index in %s could not be written: %s", self._segments.folder, error)
            return False

    def _compact(self, *, force: bool) -> bool:
        """As ``compact``, while other processes are kept from writing."""
        with self._lock:
            state = self._current()
        loose = sum(len(self._index.ids(part)) for part in state.parts[1:]) + len(state.gone)
        living = self._living(state)
        enough = loose >= max(_COMPACT_AFTER, _COMPACT_SHARE * len(living)) or len(state.gone) >= _COMPACT_GONE
        if not (force or enough):
            return False
        whole, stamp = self._build(living), state.stamp
        self._segments.write(
            lambda folder: self._index.save(whole, folder),
            database=stamp.database_id,
            epoch=stamp.epoch,
            revision=stamp.revision,
            content=self._catalog.references.digest_of(stamp.revision, self._kind),
        )
        with self._lock:
            self._put(_State(stamp, (whole,), _NONE))
        return True

    def _current(self) -> _State[Part]:
        """The state of the catalog as of now; the caller holds the lock."""
        stamp = self._catalog.stamp()
        state = self._state
        if state is None or (state.stamp.database_id, state.stamp.epoch) != (stamp.database_id, stamp.epoch):
            state = self._open(stamp)
        if state.stamp.revision != stamp.revision:
            state = self._advance(state)
        if state is not self._state:
            self._put(state)
        return state

    def _put(self, state: _State[Part]) -> None:
        self._state = state
        self._views = {}

    def _open(self, stamp: Stamp) -> _State[Part]:
        """The newest segment on disk that the catalog confirms, or nothing at revision 0."""
        for segment in self._segments.newest_first(database=stamp.database_id, epoch=stamp.epoch):
            if segment.revision > stamp.revision:
                continue
            if not segment.holds(self._catalog.references.digest_of(segment.revision, self._kind)):
                continue
            try:
                part = self._index.load(segment.folder)
            except CorruptError as error:
                _LOG.warning("%s; the index is built again", error)
                continue
            return _State(replace(stamp, revision=segment.revision), (part,), _NONE)
        return _State(replace(stamp, revision=0), (), _NONE)

    def _advance(self, state: _State[Part]) -> _State[Part]:
        """The state with what changed in the catalog since."""
        changes = self._catalog.references.changes_since(state.stamp.revision, kind=self._kind)
        base = state.parts[:1] or (self._build(_NONE),)
        changed = np.array(sorted({*changes.added, *changes.removed}), np.int64)
        stale = changed[np.isin(changed, self._index.ids(base[0]))]
        added = np.array(changes.added, np.int64)
        parts = [self._less(part, changed) for part in state.parts[1:]]
        if len(added):
            ids = added
            while parts and len(self._index.ids(parts[-1])) < 2 * len(ids):
                ids = np.concatenate([self._index.ids(parts.pop()), ids])
            parts.append(self._build(ids))
        return _State(changes.stamp, (*base, *parts), np.union1d(state.gone, stale))

    def _less(self, part: Part, lost: Int64[np.ndarray, " m"]) -> Part:
        """A part without some references; itself where it has none of them."""
        ids = self._index.ids(part)
        hit = np.isin(ids, lost)
        return self._build(ids[~hit]) if hit.any() else part

    def _living(self, state: _State[Part]) -> Int64[np.ndarray, " n"]:
        each = [self._index.ids(part) for part in state.parts]
        base = [ids[~np.isin(ids, state.gone)] for ids in each[:1]]
        return np.unique(np.concatenate([_NONE, *base, *each[1:]]))

    def _build(self, ids: Int64[np.ndarray, " n"]) -> Part:
        return self._index.build(self._rows(ids.tolist()))

    def _rows(self, ids: Sequence[int]) -> Iterator[Row]:
        """References with the items that the index needs; those removed meanwhile are left out."""
        for start in range(0, len(ids), _ROWS):
            some = ids[start : start + _ROWS]
            stored = {item: self._read(some, item) for item in self._index.needs}
            known = self._catalog.references.many(some)
            for number in some:
                reference = known.get(number)
                if reference is None or reference.removed_revision is not None:
                    continue
                items = {item: raws[number] for item, raws in stored.items() if number in raws}
                if len(items) < len(stored):
                    raise ConflictError(
                        f"{reference.gallery}: described by another model than the one in use. If the model was "
                        "changed while this ran, run it again. Otherwise `lynkeus models refresh` describes what is "
                        "registered by the model in use, and `lynkeus models use CARD` goes back to the old model"
                    )
                yield Row(reference=number, entity=reference.entity_id, gallery=reference.gallery_id, items=items)

    def _read(self, reference_ids: Iterable[int], item: str) -> Mapping[int, bytes]:
        return self._catalog.blobs.read(Owner.REFERENCE, reference_ids, item)


def clear(folder: Path) -> bool:
    """Remove all segments of all kinds from the disk, waiting for processes that write one.

    Args:
        folder: Where the segments of all kinds lie.

    Returns:
        Whether nothing is left.
    """
    for each in (path for path in folder.glob("*/*") if path.is_dir() and path.parent.name[:3] != "v1-"):
        segments = SegmentFolder(each)
        with segments.locked(wait=True):
            segments.clear()
    for old in (*folder.glob("v1-*"), *folder.glob(".draft-*")):  # the layout before kinds had folders of their own
        shutil.rmtree(old, ignore_errors=True)
    left = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    for path in left:
        _LOG.warning("%s could not be removed", path)
    return not left


def clear_others(folder: Path, index: str) -> None:
    """Remove the segments of a kind's other indexes, such as those of models that are no longer in use.

    Args:
        folder: Where the segments of the kind lie.
        index: Name of the index that stays, with the layout of its clean pictures.
    """
    for each in folder.glob("*"):
        if each.is_dir() and each.name not in (index, f"{CLEAN}{index}"):
            segments = SegmentFolder(each)
            with segments.locked(wait=True):
                segments.clear()
