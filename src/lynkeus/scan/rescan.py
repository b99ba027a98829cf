"""Earlier uploads against references that came later: from what was kept of them, else from their files.

Uploads of the same bytes are one upload. Each is matched only with references that it was not compared with before.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from lynkeus.catalog import Gallery, Owner, Upload
from lynkeus.core import CorruptError, Picture, UnreadableError, UploadResult, Verdict
from lynkeus.core.parallel import in_order
from lynkeus.core.sources import Source, from_file, from_thumbnail
from lynkeus.kinds.items import THUMB, Items
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.lane import AnyLane, Found
from lynkeus.scan.scanner import Scanned, result_of

NOT_KEPT = "not kept"
_VIEWS = 4  # views held beside those of each thread: uploads with the same references follow each other


@dataclass(slots=True)
class _Earlier:
    """Uploads of the same bytes.

    Attributes:
        scans: The scans of these bytes, oldest first.
    """

    scans: list[Upload] = field(default_factory=list[Upload])

    @property
    def last(self) -> Upload:
        """The last scan."""
        return self.scans[-1]

    @property
    def ids(self) -> list[int]:
        """Numbers of all scans."""
        return [scan.id for scan in self.scans]


@dataclass(frozen=True, slots=True)
class _Newer:
    """References of one kind that an upload was not compared with.

    Attributes:
        lane: The kind.
        references: Their ids, ascending.
    """

    lane: AnyLane
    references: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """An earlier upload, what it is matched with, and what it was compared with afterwards.

    Attributes:
        earlier: The upload.
        newer: What it is matched with.
        galleries: Name of each gallery that is asked for, to its id.
        covered: The revision up to which the upload was compared with these galleries afterwards.
    """

    earlier: _Earlier
    newer: tuple[_Newer, ...]
    galleries: Mapping[str, int]
    covered: int


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of an upload: its picture, perhaps at the size of a thumbnail, and the stored items."""

    picture: Picture
    items: Items

    def observation(self, lane: AnyLane) -> Any:
        """What a kind sees of it."""
        if lane.described(self.items):
            return lane.recogniser.recall(self.items)
        return lane.recogniser.observe(self.picture)


class _Views:
    """Views of some references, for several threads; the last few are held.

    Args:
        most: How many are held. A view that went is built again when it is needed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._views: dict[tuple[str, tuple[int, ...]], Any] = {}

    def __call__(self, lane: AnyLane, references: tuple[int, ...]) -> Any:
        with self._lock:
            key = lane.kind.name, references
            view = self._views.pop(key, None)
            self._views[key] = lane.library.only(references) if view is None else view
            while len(self._views) > self._most:
                del self._views[next(iter(self._views))]
            return self._views[key]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescan:
    """How earlier uploads are scanned again.

    Attributes:
        galleries: Names of the galleries that count; empty means all.
        jobs: Threads.
    """

    galleries: frozenset[str] = field(default_factory=frozenset[str])
    jobs: int = 1

    def __call__(self, home: Home, judge: Judge) -> Iterator[Scanned]:
        """Each earlier upload that newer references exist for, with what is found of these.

        Raises:
            UnknownNameError: A gallery is not known, or a gallery is of a kind that is not installed.
        """
        for name in self.galleries:
            home.catalog.galleries.get(name)
        home.catalog.uploads.expire()
        asked = [each for name, each in home.galleries().items() if not self.galleries or name in self.galleries]
        tasks = _tasks(home, asked)
        views = _Views(_VIEWS + self.jobs)
        yield from in_order(lambda task: _scan(home, task, judge, views), tasks, jobs=self.jobs)


def _scan(home: Home, task: _Task, judge: Judge, views: _Views) -> Scanned:
    started = time.perf_counter()
    upload = task.earlier.last
    try:
        left = _left(task)
    except UnreadableError as error:
        result = UploadResult(upload=upload.path, verdict=Verdict.UNREADABLE, error=f"{NOT_KEPT}: {error}")
        return Scanned(result=result, earlier=upload.id)
    found = Found()
    for newer in task.newer:
        view = views(newer.lane, newer.references)
        found += newer.lane.found(left.observation(newer.lane), lambda: left.picture, view, judge)
        home.check_unchanged(newer.lane)
    result = result_of(upload.path, left.picture, found, time.perf_counter() - started)
    return Scanned(
        result=result,
        candidates=found.candidates,
        galleries=task.galleries,
        compared=dict.fromkeys(task.galleries.values(), task.covered),
        earlier=upload.id,
    )


def _tasks(home: Home, galleries: Sequence[Gallery]) -> list[_Task]:
    covered = home.catalog.revision()
    came: dict[tuple[str, int], tuple[int, ...]] = {}

    def added(gallery: str, since: int) -> tuple[int, ...]:
        if (gallery, since) not in came:
            came[gallery, since] = home.catalog.references.changes_since(since, gallery=gallery).added
        return came[gallery, since]

    tasks: list[_Task] = []
    for same in _earlier(home):
        compared = home.catalog.uploads.compared(same.ids).values()
        newer: dict[str, list[int]] = defaultdict(list)
        for gallery in galleries:
            since = max((revisions.get(gallery.id, 0) for revisions in compared), default=0)
            newer[gallery.kind] += added(gallery.name, since)
        wanted = [_wanted(home, home.lane(kind), numbers, same.ids) for kind, numbers in newer.items() if numbers]
        if any(each.references for each in wanted):
            there = tuple(each for each in wanted if each.references)
            tasks.append(_Task(same, there, {gallery.name: gallery.id for gallery in galleries}, covered))
    return sorted(tasks, key=lambda task: [each.references for each in task.newer])  # equal views in a row


def _wanted(home: Home, lane: AnyLane, newer: Sequence[int], uploads: Sequence[int]) -> _Newer:
    """The references that an upload is matched with, given those that are newer.

    Where a score rests on all references of an entity, these are all references of the entities that got a newer one
    and that no earlier scan has found.
    """
    if lane.recogniser.traits.additive:
        return _Newer(lane, tuple(sorted(newer)))
    references = home.catalog.references
    found = [each.reference_id for rows in home.catalog.uploads.findings(uploads).values() for each in rows]
    before = {each.entity_id for each in references.many(found).values()}
    entities = {each.entity_id for each in references.many(newer).values()}
    return _Newer(lane, references.of_entities(entities - before))


def _earlier(home: Home) -> list[_Earlier]:
    """The uploads, those of the same bytes together."""
    known: dict[str, _Earlier] = {}
    for upload in _uploads(home):
        if not upload.digest:
            continue
        known.setdefault(upload.digest, _Earlier()).scans.append(upload)
    return list(known.values())


def _uploads(home: Home) -> Iterator[Upload]:
    after = 0
    while page := home.catalog.uploads.page(after=after):
        yield from page
        after = page[-1].id


def _left(task: _Task) -> _Left:
    """What is left of an upload: what the models in use made of it, else its file, else its thumbnail.

    Raises:
        UnreadableError: Nothing was kept, and no file is the upload any more; the text says why for the last file.
    """
    newest = task.earlier.scans[::-1]
    small: _Left | None = None
    for upload in (each for each in newest if each.kept_until is not None):
        items: dict[str, bytes] = {}
        for newer in task.newer:
            items |= newer.lane.stored(Owner.UPLOAD, upload.id)
        with suppress(CorruptError, UnreadableError):  # a damaged thumbnail: the next one may be whole
            thumbnail = from_thumbnail(replace(_source(upload), thumb=items.get(THUMB)))
            if thumbnail is not None and all(newer.lane.described(items) for newer in task.newer):
                return _Left(thumbnail, items)
            if thumbnail is not None and small is None:
                small = _Left(thumbnail, items)
    errors: list[UnreadableError] = []
    for upload in {each.path: each for each in newest[::-1]}.values():
        try:
            return _Left(from_file(_source(upload)), {})
        except UnreadableError as error:
            errors.append(error)
    if small is not None:
        return small
    raise errors[-1]


def _source(upload: Upload) -> Source:
    return Source(path=upload.path, digest=upload.digest, width=upload.width, height=upload.height)
