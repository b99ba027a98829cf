"""Clean pictures laid out as references are, so that a new reference can search them.

The layout lies on disk beside the index of the references, since building it takes seconds for thousands of pictures.
What was added since is built in memory, what was removed is passed over, and the layout is written again before either
costs much. The layout only names pairs that are worth matching: no score is read from it.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from lynkeus.catalog import Background, Owner
from lynkeus.core import CorruptError
from lynkeus.index.segments import SegmentFolder
from lynkeus.kinds.protocol import Row, View
from lynkeus.scan.lane import AnyLane
from lynkeus.scan.library import CLEAN

WRITE_AFTER = 64
"""Changes from which the layout is written again; fewer are built in memory in about a tenth of a second."""

_ROWS = 1024  # pictures read at once: 30 MB of points
_NONE = np.zeros(0, np.int64)
_LOG = logging.getLogger("lynkeus")


class CleanLayout:
    """The clean pictures of one kind.

    Args:
        lane: The kind.
        folder: Where indexes of the kind are written.
    """

    def __init__(self, lane: AnyLane, folder: Path) -> None:
        self._catalog = lane.catalog
        self._index = lane.recogniser.index
        self._segments = SegmentFolder(folder / f"{CLEAN}{self._index.name}")

    def view(self, pictures: Sequence[Background]) -> View:
        """A view of some clean pictures, under the ids of the pictures; those without a description are left out.

        Where much has changed since the layout was written, the layout is written again. A layout that cannot be
        written is told on standard error: the next process builds the layout anew, and that is all.
        """
        base, there = self._stored(pictures)
        ids = self._index.ids(base)
        loose = self._described([picture.id for picture in pictures if picture.id not in there])
        if len(loose) + len(ids) - len(there) >= WRITE_AFTER:
            base, loose = self._build(self._described([picture.id for picture in pictures])), []
            self._write(base, pictures)
            return self._index.view((base,), _NONE, self._read, None)
        return self._index.view((base, self._build(loose)), ids[~np.isin(ids, sorted(there))], self._read, None)

    def _stored(self, pictures: Sequence[Background]) -> tuple[Any, set[int]]:
        """What lies on disk, and which of the pictures it holds; nothing where no segment can be read."""
        stamp = self._catalog.stamp()
        for segment in self._segments.newest_first(database=stamp.database_id, epoch=stamp.epoch):
            try:
                part = self._index.load(segment.folder)
            except CorruptError as error:
                _LOG.warning("%s; the clean pictures are laid out again", error)
                continue
            old = {picture.id for picture in pictures if picture.added_revision <= segment.revision}
            return part, old & set(self._index.ids(part).tolist())
        return self._build([]), set()

    def _write(self, part: Any, pictures: Sequence[Background]) -> None:
        """Write a layout, unless another process writes one now."""
        stamp = self._catalog.stamp()
        content = hashlib.sha256("\n".join(f"{p.id} {p.digest}" for p in pictures).encode()).hexdigest()
        with self._segments.locked(wait=False) as held:
            if not held:
                return
            try:
                self._segments.write(
                    lambda draft: self._index.save(part, draft),
                    database=stamp.database_id,
                    epoch=stamp.epoch,
                    revision=stamp.revision,
                    content=content,
                )
            except OSError as error:
                _LOG.warning("the clean pictures in %s could not be laid out: %s", self._segments.folder, error)

    def _described(self, ids: Sequence[int]) -> list[int]:
        return sorted(self._catalog.blobs.having(Owner.BACKGROUND, ids, self._index.needs[0]))

    def _build(self, ids: Sequence[int]) -> Any:
        return self._index.build(self._rows(ids))

    def _rows(self, ids: Sequence[int]) -> Iterator[Row]:
        for start in range(0, len(ids), _ROWS):
            some = ids[start : start + _ROWS]
            stored = {item: self._read(some, item) for item in self._index.needs}
            for number in some:
                items = {item: raws[number] for item, raws in stored.items() if number in raws}
                if len(items) == len(stored):
                    yield Row(reference=number, entity=number, gallery=0, items=items)

    def _read(self, ids: Iterable[int] | Int64[np.ndarray, " n"], item: str) -> Mapping[int, bytes]:
        return self._catalog.blobs.read(Owner.BACKGROUND, ids, item)
