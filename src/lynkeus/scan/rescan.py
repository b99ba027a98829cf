"""Earlier uploads against references that came later: from what was kept of them, else from their files.

Uploads of the same bytes are one upload. Each is matched only with references that it was not compared with before.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lynkeus.catalog import Gallery, Owner, Upload
from lynkeus.core import Picture, UnreadableError, UploadResult, Verdict
from lynkeus.kinds.items import THUMB, Items
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.lane import AnyLane, Found
from lynkeus.scan.parallel import in_order
from lynkeus.scan.scanner import Scanned, result_of
from lynkeus.scan.sources import Source, from_file, from_thumbnail

NOT_KEPT = "not kept"


@dataclass(slots=True)
class _Earlier:
    """Uploads of the same bytes.

    Attributes:
        last: The last scan.
        all: Numbers of all scans.
        kept: Numbers of those of which something is kept.
    """

    last: Upload
    all: list[int] = field(default_factory=list[int])
    kept: list[int] = field(default_factory=list[int])


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
    """An earlier upload, what it is matched with, and what it was compared with afterwards."""

    earlier: _Earlier
    newer: tuple[_Newer, ...]
    compared: Mapping[int, int]


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
    """Views of some references, each built once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[tuple[str, tuple[int, ...]], Any] = {}

    def __call__(self, lane: AnyLane, references: tuple[int, ...]) -> Any:
        with self._lock:
            key = lane.kind.name, references
            if key not in self._views:
                self._views[key] = lane.library.only(references)
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
        views = _Views()
        yield from in_order(lambda task: _scan(task, judge, views), _tasks(home, asked), jobs=self.jobs)


def _scan(task: _Task, judge: Judge, views: _Views) -> Scanned:
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
    result = result_of(upload.path, left.picture, found, time.perf_counter() - started)
    return Scanned(result=result, candidates=found.candidates, compared=task.compared, earlier=upload.id)


def _tasks(home: Home, galleries: Sequence[Gallery]) -> list[_Task]:
    covered = home.catalog.revision()
    came: dict[tuple[str, int], tuple[int, ...]] = {}

    def added(gallery: str, since: int) -> tuple[int, ...]:
        if (gallery, since) not in came:
            came[gallery, since] = home.catalog.references.changes_since(since, gallery=gallery).added
        return came[gallery, since]

    tasks: list[_Task] = []
    for same in _earlier(home):
        compared = home.catalog.uploads.compared(same.all).values()
        newer: dict[str, list[int]] = defaultdict(list)
        for gallery in galleries:
            since = max((revisions.get(gallery.id, 0) for revisions in compared), default=0)
            newer[gallery.kind] += added(gallery.name, since)
        wanted = [_wanted(home, home.lane(kind), numbers, same.all) for kind, numbers in newer.items() if numbers]
        if any(each.references for each in wanted):
            there = tuple(each for each in wanted if each.references)
            tasks.append(_Task(same, there, {gallery.id: covered for gallery in galleries}))
    return tasks


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
        same = known.setdefault(upload.digest, _Earlier(upload))
        same.last = upload
        same.all.append(upload.id)
        if upload.kept_until is not None:
            same.kept.append(upload.id)
    return list(known.values())


def _uploads(home: Home) -> Iterator[Upload]:
    after = 0
    while page := home.catalog.uploads.page(after=after):
        yield from page
        after = page[-1].id


def _left(task: _Task) -> _Left:
    """What was kept of an upload, else its file.

    Raises:
        UnreadableError: Nothing was kept, and the file is not the upload any more; the text says why.
    """
    upload = task.earlier.last
    source = Source(path=upload.path, digest=upload.digest, width=upload.width, height=upload.height)
    for number in task.earlier.kept[:1]:
        items: dict[str, bytes] = {}
        for newer in task.newer:
            items |= newer.lane.stored(Owner.UPLOAD, number)
        thumbnail = from_thumbnail(replace(source, thumb=items.get(THUMB)))
        if thumbnail is not None:
            return _Left(thumbnail, items)
    return _Left(from_file(source), {})
