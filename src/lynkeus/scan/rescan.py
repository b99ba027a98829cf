"""Earlier uploads against references that came later: from what was kept of them, else from their files.

Of uploads with the same bytes the last scan counts. Each is matched only with references that came after
that scan.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from lynkeus.catalog import Owner, Upload
from lynkeus.core import Finding, Picture, UnreadableError, UploadResult, Verdict, read_picture, strictest
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.kinds.objects.recogniser import vector_part
from lynkeus.kinds.protocol import COPIES, KEPT, OBJECTS, THUMB, GalleryView, RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.judged import judged
from lynkeus.scan.objects import find_objects
from lynkeus.scan.parallel import in_order
from lynkeus.scan.register import WORKING_SIDE
from lynkeus.scan.scanner import Scanned, best_first

NOT_KEPT = "not kept"


@dataclass(slots=True)
class _Known:
    """Uploads of the same bytes: the last scan, all of them, and those of which something is kept."""

    last: Upload
    all: list[int] = field(default_factory=list[int])
    kept: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class _Newer:
    """What came after a scan: a view of the copies, None for none; ids of the entities of objects; the revision now."""

    copies: GalleryView | None
    objects: frozenset[int]
    revision: int


@dataclass(frozen=True, slots=True)
class _Task:
    known: _Known
    newer: _Newer


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of an upload: stored items, or its file's picture."""

    upload: Upload
    items: Mapping[str, bytes]
    file: Picture | None

    def copies(self, home: Home, view: GalleryView) -> list[RawFinding]:
        if self.file is None:
            return home.copies.recognise_items(self.items, view)
        return home.copies.recognise([self.file], view)[0]

    def vector(self, home: Home) -> Float32[np.ndarray, " d"]:
        embedder = home.object_embedder
        return embedder.recall(self.items) if self.file is None else embedder.describe(self.file.rgb)

    def picture(self) -> Picture:
        if self.file is not None:
            return self.file
        upload = self.upload
        rgb = read_thumbnail(self.items[THUMB])
        return Picture(rgb=rgb, width=upload.width, height=upload.height, digest=upload.digest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescan:
    """How earlier uploads are scanned again.

    Attributes:
        galleries: Names of the galleries that count; empty means all.
        jobs: Threads.
    """

    galleries: frozenset[str] = field(default_factory=frozenset[str])
    jobs: int = 1

    def __call__(self, home: Home, judge: Judge) -> "Iterator[Scanned]":
        """Each earlier upload that newer references exist for, with what is found of these.

        Raises:
            UnknownNameError: A gallery is not known.
        """
        for name in self.galleries:
            home.catalog.galleries.get(name)
        home.catalog.uploads.expire()
        yield from in_order(lambda task: self._scan(home, task, judge), _tasks(home), jobs=self.jobs)

    def _scan(self, home: Home, task: _Task, judge: Judge) -> Scanned:
        started = time.perf_counter()
        upload = task.known.last
        left = _kept(home, task) or _from_file(task)
        if isinstance(left, str):
            reason = f"{NOT_KEPT}: {left}"
            return Scanned(result=UploadResult(upload=upload.path, verdict=Verdict.UNREADABLE, error=reason))
        candidates: tuple[Finding, ...] = ()
        shown: tuple[Finding, ...] = ()
        if task.newer.copies is not None:
            candidates, shown = judged(home, left.copies(home, task.newer.copies), judge, self.galleries)
        if wanted := task.newer.objects - _found_before(home, task.known.all):
            known = home.object_library.view()
            known = known.only(np.isin(known.owners, list(wanted)))
            more = find_objects(home, left.vector(home), left.picture, known, judge, self.galleries)
            candidates, shown = best_first(candidates + more[0]), best_first(shown + more[1])
        result = UploadResult(
            upload=upload.path,
            verdict=Verdict(strictest([f.action for f in shown])),
            findings=shown,
            width=upload.width,
            height=upload.height,
            digest=upload.digest,
            seconds=time.perf_counter() - started,
        )
        return Scanned(result=result, candidates=candidates, revision=task.newer.revision)


def _uploads(home: Home) -> Iterator[Upload]:
    after = 0
    while page := home.catalog.uploads.page(after=after):
        yield from page
        after = page[-1].id


def _tasks(home: Home) -> list[_Task]:
    known: dict[str, _Known] = {}
    for upload in _uploads(home):
        if not upload.digest:
            continue
        same = known.setdefault(upload.digest, _Known(upload))
        same.all.append(upload.id)
        if upload.scan_revision >= same.last.scan_revision:
            same.last = upload
        if upload.kept_until is not None:
            same.kept.append(upload.id)
    newer: dict[int, _Newer | None] = {}
    tasks: list[_Task] = []
    for same in known.values():
        since = same.last.scan_revision
        if since not in newer:
            newer[since] = _newer(home, since)
        if (found := newer[since]) is not None:
            tasks.append(_Task(same, found))
    return tasks


def _newer(home: Home, since: int) -> _Newer | None:
    """What came after a revision; None for nothing."""
    copies = home.catalog.references.changes_since(since, kind=COPIES)
    objects = home.catalog.references.changes_since(since, kind=OBJECTS)
    if not (copies.added or objects.added):
        return None
    entities = frozenset(each.entity_id for each in home.catalog.references.many(objects.added).values())
    view = home.library.subset(copies.added) if copies.added else None
    return _Newer(view, entities, copies.stamp.revision)


def _found_before(home: Home, uploads: Sequence[int]) -> set[int]:
    """Ids of the entities of objects that earlier scans of a picture found, by the ids of these scans."""
    found = home.catalog.uploads.findings(uploads)
    ids = [each.reference_id for rows in found.values() for each in rows if each.kind == OBJECTS]
    return {each.entity_id for each in home.catalog.references.many(ids).values()}


def _kept(home: Home, task: _Task) -> _Left | None:
    """The stored items; None where nothing is kept."""
    items: dict[str, bytes] = {}
    for number in task.known.kept[:1]:
        for part in (*KEPT, vector_part(home.object_model.card)):
            items.update((part, raw) for raw in home.catalog.blobs.read(Owner.UPLOAD, [number], part).values())
    return _Left(task.known.last, items, None) if items else None


def _from_file(task: _Task) -> _Left | str:
    """The file, or why it is not the upload any more."""
    upload = task.known.last
    try:
        picture = read_picture(Path(upload.path), max_side=WORKING_SIDE)
    except UnreadableError as error:
        return str(error)
    return _Left(upload, {}, picture) if picture.digest == upload.digest else "the file has changed since"
