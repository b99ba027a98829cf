"""Index files on disk: immutable and disposable.

A segment is a folder ``<database>-<epoch>-<revision>`` with the points and the vectors of all references up to that
revision. It is written under another name and renamed when whole; one process at a time writes. A damaged or
foreign segment is passed over: the catalog is the truth and the index is built anew.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "v1"


@dataclass(frozen=True, slots=True)
class Segment:
    """One whole segment on disk."""

    folder: Path
    revision: int


class SegmentFolder:
    """The segments of one catalog.

    Args:
        folder: Where they lie; made when something is written.
        database: Identity of the database.
        epoch: Its epoch; segments of another one are never used.
    """

    def __init__(self, folder: Path, *, database: str, epoch: int) -> None:
        self._folder = folder
        self._prefix = f"{_FORMAT}-{database}-{epoch}-"

    def newest(self) -> Segment | None:
        """The segment of the highest revision."""
        found = [
            Segment(path, int(path.name.removeprefix(self._prefix)))
            for path in self._folder.glob(f"{self._prefix}*")
            if path.name.removeprefix(self._prefix).isdecimal()
        ]
        return max(found, key=lambda s: s.revision, default=None)

    def write(self, revision: int, fill: Callable[[Path], None]) -> Segment | None:
        """Write a segment, then remove older ones and those of other epochs.

        Args:
            revision: The state of the catalog that it holds.
            fill: Writes the files into the folder it is given.

        Returns:
            The segment, or None where another process is writing.
        """
        with self._lock() as held:
            if not held:
                return None
            final = self._folder / f"{self._prefix}{revision}"
            if final.exists():
                return Segment(final, revision)
            draft = self._folder / f".draft-{os.getpid()}"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            try:
                fill(draft)
                draft.rename(final)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            for old in self._folder.iterdir():
                if old.is_dir() and old != final:
                    shutil.rmtree(old, ignore_errors=True)
            return Segment(final, revision)

    @contextlib.contextmanager
    def _lock(self) -> Generator[bool]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
