"""Index files on disk: immutable and disposable.

A segment is a folder ``<format>-<database>-<epoch>-<revision>-<content>``: the state of which database it holds, and a
digest of the references it was built from. The digest tells apart two histories of one database, such as a catalog that
was put back from a copy and has caught up since. A segment is written under another name, brought to the disk, and
renamed when whole. One process at a time writes. A damaged or foreign segment is passed over: the catalog is the truth,
and the index is built again.
"""

import contextlib
import fcntl
import logging
import os
import re
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "v2"
_LOG = logging.getLogger("lynkeus")
_CONTENT_DIGITS = 16
"""64 bits of a SHA-256: two histories never share them by chance."""

_NAME = re.compile(r"(?P<revision>\d+)-(?P<content>[0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Segment:
    """One whole segment on disk.

    Attributes:
        folder: Where it lies.
        revision: The revision of the catalog that it holds.
        content: Digest of what it was built from.
    """

    folder: Path
    revision: int
    content: str

    def holds(self, digest: str) -> bool:
        """Whether it was built from references of this SHA-256 digest."""
        return self.content == digest[:_CONTENT_DIGITS]


class SegmentFolder:
    """The segments of one index.

    Args:
        folder: Where they lie; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def newest_first(self, *, database: str, epoch: int) -> list[Segment]:
        """The segments of one state of the database, highest revision first.

        Args:
            database: Identity of the database.
            epoch: Its epoch.
        """
        prefix = _prefix(database, epoch)
        names = {path: _NAME.fullmatch(path.name.removeprefix(prefix)) for path in self.folder.glob(f"{prefix}*")}
        found = [Segment(path, int(name["revision"]), name["content"]) for path, name in names.items() if name]
        return sorted(found, key=lambda segment: -segment.revision)

    @contextlib.contextmanager
    def locked(self, *, wait: bool) -> Generator[bool]:
        """Keep other processes from writing; gives whether that was possible.

        Args:
            wait: Wait for a process that writes now. Otherwise give False at once.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    yield False
                    return
                _LOG.warning("waiting for another process that writes the index in %s", self.folder)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield True

    def write(self, fill: Callable[[Path], None], *, database: str, epoch: int, revision: int, content: str) -> None:
        """Write a segment, then remove all others. Call it while the folder is locked.

        Args:
            fill: Writes the files into the folder it is given.
            database: Identity of the database.
            epoch: Its epoch.
            revision: The state of the catalog that the segment holds.
            content: SHA-256 digest of the references that it was built from.

        Raises:
            OSError: Something cannot be written; nothing has changed then.
        """
        final = self.folder / f"{_prefix(database, epoch)}{revision}-{content[:_CONTENT_DIGITS]}"
        draft = self.folder / f".draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            fill(draft)
            for file in (*draft.iterdir(), draft):
                _sync(file)
            shutil.rmtree(final, ignore_errors=True)
            draft.rename(final)
            _sync(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self.clear(but=final)

    def clear(self, *, but: Path | None = None) -> None:
        """Remove all segments, and what killed processes left. Call it while the folder is locked.

        Args:
            but: The segment that stays.
        """
        for old in self.folder.iterdir():
            if old.is_dir() and old != but:
                shutil.rmtree(old, ignore_errors=True)


def _prefix(database: str, epoch: int) -> str:
    return f"{_FORMAT}-{database}-{epoch}-"


def _sync(path: Path) -> None:
    """Bring a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
