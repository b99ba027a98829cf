"""Earlier uploads against references that came later: from what was kept of them, else from their files.

Uploads of the same bytes are one upload. Each is matched only with references that came after its last comparison.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lynkeus.catalog import Owner, Upload
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
    """Uploads of the same bytes: the last scan, all of them, and those of which something is kept."""

    last: Upload
    all: list[int] = field(default_factory=list[int])
    kept: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class _Newer:
    """References of one kind that came after a scan.

    Attributes:
        lane: The kind.
        references: Their ids.
        entities: Ids of the entities that they show.
    """

    lane: AnyLane
    references: tuple[int, ...]
    entities: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Task:
    earlier: _Earlier
    newer: tuple[_Newer, ...]
    compared: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of an upload: its picture, perhaps at the size of a thumbnail, and the stored items."""

    picture: Picture
    items: Items

    def observation(self, lane: AnyLane) -> object:
        """What a kind sees of it."""
        if lane.described(self.items):
            return lane.recogniser.recall(self.items)
        return lane.recogniser.observe(self.picture)


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
        yield from in_order(lambda task: self._scan(home, task, judge), self._tasks(home), jobs=self.jobs)

    def _scan(self, home: Home, task: _Task, judge: Judge) -> Scanned:
        started = time.perf_counter()
        upload = task.earlier.last
        try:
            left = _left(task)
        except UnreadableError as error:
            reason = f"{NOT_KEPT}: {error}"
            return Scanned(result=UploadResult(upload=upload.path, verdict=Verdict.UNREADABLE, error=reason))
        found = Found()
        for newer in task.newer:
            if wanted := _wanted(home, newer, task.earlier.all):
                view = newer.lane.library.only(wanted)
                found += newer.lane.found(left.observation(newer.lane), lambda: left.picture, view, judge)
        result = result_of(upload.path, left.picture, found, time.perf_counter() - started)
        return Scanned(result=result, candidates=found.candidates, compared=task.compared)

    def _tasks(self, home: Home) -> list[_Task]:
        asked = [each for name, each in home.galleries().items() if not self.galleries or name in self.galleries]
        newer: dict[int, tuple[tuple[_Newer, ...], dict[int, int]]] = {}
        tasks: list[_Task] = []
        for same in _earlier(home).values():
            since = same.last.scan_revision
            if since not in newer:
                covered = home.catalog.revision()
                kinds = {gallery.kind for gallery in asked}
                each = [_newer(home, kind, since, [g.name for g in asked if g.kind == kind]) for kind in sorted(kinds)]
                newer[since] = tuple(one for one in each if one.references), {g.id: covered for g in asked}
            found, compared = newer[since]
            if found:
                tasks.append(_Task(same, found, compared))
        return tasks


def _newer(home: Home, kind: str, since: int, galleries: Sequence[str]) -> _Newer:
    """The references of some galleries of a kind that came after a revision."""
    references = home.catalog.references
    added = [n for name in galleries for n in references.changes_since(since, gallery=name).added]
    entities = frozenset(each.entity_id for each in references.many(added).values())
    return _Newer(home.lane(kind), tuple(added), entities)


def _wanted(home: Home, newer: _Newer, uploads: Sequence[int]) -> tuple[int, ...]:
    """The references that earlier uploads are matched with.

    Where a score rests on all references of an entity, these are all references of entities that got a newer one and
    that no earlier scan has found.
    """
    if newer.lane.recogniser.traits.additive:
        return newer.references
    references = home.catalog.references
    found = [each.reference_id for rows in home.catalog.uploads.findings(uploads).values() for each in rows]
    before = {each.entity_id for each in references.many(found).values()}
    return references.of_entities(newer.entities - before)


def _earlier(home: Home) -> dict[str, _Earlier]:
    """The uploads by digest."""
    known: dict[str, _Earlier] = {}
    for upload in _uploads(home):
        if not upload.digest:
            continue
        same = known.setdefault(upload.digest, _Earlier(upload))
        same.all.append(upload.id)
        if upload.scan_revision >= same.last.scan_revision:
            same.last = upload
        if upload.kept_until is not None:
            same.kept.append(upload.id)
    return known


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
