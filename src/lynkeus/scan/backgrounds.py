"""Adding clean pictures to the background; what is stored of them is what a scan needs to match them again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lynkeus.catalog import NewBackground
from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.folders import Entry, display
from lynkeus.scan.home import Home
from lynkeus.scan.parallel import batched, in_order
from lynkeus.scan.register import WORKING_SIDE

SHIPPED = Path(__file__).parent.parent / "assets" / "background"
"""Free pictures that come with the package."""

_BATCH = 64


class AddOutcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    KNOWN = "known"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedClean:
    """One file that was to be added to the background.

    Attributes:
        path: The file.
        outcome: What became of it.
        detail: Why it could not be read.
    """

    path: str
    outcome: AddOutcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Looked:
    path: str
    background: NewBackground | None = None
    error: str = ""


def add_clean(home: Home, entries: Iterable[Entry], *, jobs: int) -> Iterator[AddedClean]:
    """Add pictures known to hold nothing protected; each row comes when it is stored for good.

    Args:
        home: Where they are added.
        entries: The files.
        jobs: Threads.
    """
    known = {b.digest for b in home.catalog.backgrounds.all()}
    for batch in batched(in_order(lambda entry: _look(home, entry, known), entries, jobs=jobs), _BATCH):
        yield from _store(home, batch)


def _look(home: Home, entry: Entry, known: set[str]) -> _Looked:
    path = display(entry.path)
    if entry.error is not None:
        return _Looked(path, error=entry.error)
    try:
        picture = read_picture(entry.path, max_side=WORKING_SIDE)
    except UnreadableError as error:
        return _Looked(path, error=str(error))
    if picture.digest in known:
        return _Looked(path)
    name = display(Path(entry.path.name))
    blobs = home.copies.keep(picture)
    return _Looked(
        path,
        NewBackground(
            name=name, digest=picture.digest, source=path, shipped=SHIPPED in entry.path.parents, blobs=blobs
        ),
    )


def _store(home: Home, batch: list[_Looked]) -> Iterator[AddedClean]:
    added = iter(home.catalog.backgrounds.add([b.background for b in batch if b.background is not None]))
    for looked in batch:
        if looked.error:
            yield AddedClean(path=looked.path, outcome=AddOutcome.UNREADABLE, detail=looked.error)
        elif looked.background is None or not next(added).new:
            yield AddedClean(path=looked.path, outcome=AddOutcome.KNOWN)
        else:
            yield AddedClean(path=looked.path, outcome=AddOutcome.ADDED)
