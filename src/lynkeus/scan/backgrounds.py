"""Adding clean pictures to the background, and finding them by name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lynkeus.catalog import NewBackground
from lynkeus.core import UnknownNameError, UnreadableError, read_picture
from lynkeus.core.folders import Entry, display
from lynkeus.core.parallel import batched, in_order
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds import DEFAULT
from lynkeus.kinds.items import THUMB
from lynkeus.scan.clean_pictures import kept
from lynkeus.scan.home import Home
from lynkeus.scan.lane import AnyLane

SHIPPED = Path(__file__).parent.parent / "assets" / "background"
"""Free pictures that come with the package."""

_BATCH = 64  # pictures stored at once


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
class _Read:
    path: str
    background: NewBackground | None = None
    error: str = ""


def add_clean(home: Home, entries: Iterable[Entry], *, jobs: int) -> Iterator[AddedClean]:
    """Add pictures known to hold nothing protected; each row comes when it is stored for good.

    A picture is described for every kind that has a gallery, from its file: a thumbnail shows no small thing.

    Args:
        home: Where they are added.
        entries: The files.
        jobs: Threads.
    """
    known = {b.digest for b in home.catalog.backgrounds.all()}
    kinds = {gallery.kind for gallery in home.galleries().values()} | {DEFAULT}
    lanes = [home.lane(name) for name in sorted(kinds)]
    for batch in batched(in_order(lambda entry: _read(lanes, entry, known), entries, jobs=jobs), _BATCH):
        yield from _store(home, batch)


def find_clean(home: Home, wanted: Iterable[str]) -> set[int]:
    """Ids of clean pictures.

    Args:
        home: Whose.
        wanted: Names, paths or numbers of pictures.

    Raises:
        UnknownNameError: There is no such picture.
    """
    known = home.catalog.backgrounds.all()
    ids: set[int] = set()
    for name in wanted:
        found = {b.id for b in known if name in (b.name, b.source, str(b.id))}
        if not found:
            raise UnknownNameError(f"no background picture {name!r}; `lynkeus background list` shows them")
        ids |= found
    return ids


def _read(lanes: Sequence[AnyLane], entry: Entry, known: set[str]) -> _Read:
    path = display(entry.path)
    if entry.error is not None:
        return _Read(path, error=entry.error)
    try:
        picture = read_picture(entry.path, max_side=WORKING_SIDE)
    except UnreadableError as error:
        return _Read(path, error=str(error))
    if picture.digest in known:
        return _Read(path)
    name = display(Path(entry.path.name))
    blobs = {THUMB: encode_thumbnail(picture.rgb)}
    for lane in lanes:
        blobs |= kept(lane, picture)
    new = NewBackground(
        name=name, digest=picture.digest, source=path, shipped=SHIPPED in entry.path.parents, blobs=blobs
    )
    return _Read(path, new)


def _store(home: Home, batch: list[_Read]) -> Iterator[AddedClean]:
    added = iter(home.catalog.backgrounds.add([b.background for b in batch if b.background is not None]))
    for read in batch:
        if read.error:
            yield AddedClean(path=read.path, outcome=AddOutcome.UNREADABLE, detail=read.error)
        elif read.background is None or not next(added).new:
            yield AddedClean(path=read.path, outcome=AddOutcome.KNOWN)
        else:
            yield AddedClean(path=read.path, outcome=AddOutcome.ADDED)
