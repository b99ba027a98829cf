"""Earlier uploads against references that came later: from what was kept of them, else from their files.

Of uploads with the same bytes the last scan counts. Each is matched only with references that came after
that scan.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lynkeus.catalog import Owner, Upload
from lynkeus.core import UnreadableError, UploadResult, Verdict, read_picture, strictest
from lynkeus.recognisers.protocol import KEPT, GalleryView, RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.parallel import in_order
from lynkeus.scan.register import WORKING_SIDE
from lynkeus.scan.scanner import Scanned, judged

NOT_KEPT = "not kept"
_KIND = "copy"


@dataclass(slots=True)
class _Known:
    """Uploads of the same bytes: the last scan, and those of which something is kept."""

    last: Upload
    kept: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class _Task:
    known: _Known
    view: GalleryView
    revision: int


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
        matched = _kept(home, task) or _from_file(home, task)
        if isinstance(matched, str):
            reason = f"{NOT_KEPT}: {matched}"
            return Scanned(result=UploadResult(upload=upload.path, verdict=Verdict.UNREADABLE, error=reason))
        candidates, shown = judged(home, matched(), judge, self.galleries)
        result = UploadResult(
            upload=upload.path,
            verdict=Verdict(strictest([f.action for f in shown])),
            findings=shown,
            width=upload.width,
            height=upload.height,
            digest=upload.digest,
            seconds=time.perf_counter() - started,
        )
        return Scanned(result=result, candidates=candidates, revision=task.revision)


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
        if upload.scan_revision >= same.last.scan_revision:
            same.last = upload
        if upload.kept_until is not None:
            same.kept.append(upload.id)
    views: dict[int, tuple[GalleryView, int] | None] = {}
    tasks: list[_Task] = []
    for same in known.values():
        since = same.last.scan_revision
        if since not in views:
            changes = home.catalog.references.changes_since(since, kind=_KIND)
            newer = home.library.subset(changes.added) if changes.added else None
            views[since] = None if newer is None else (newer, changes.stamp.revision)
        if (found := views[since]) is not None:
            tasks.append(_Task(same, *found))
    return tasks


def _kept(home: Home, task: _Task) -> Callable[[], list[RawFinding]] | None:
    """What matches the kept items; None where nothing is kept."""
    items: dict[str, bytes] = {}
    for number in task.known.kept[:1]:
        for part in KEPT:
            items.update((part, raw) for raw in home.catalog.blobs.read(Owner.UPLOAD, [number], part).values())
    if not items:
        return None
    return lambda: home.copies.recognise_items(items, task.view)


def _from_file(home: Home, task: _Task) -> Callable[[], list[RawFinding]] | str:
    """What matches the file, or why it is not the upload any more."""
    upload = task.known.last
    try:
        picture = read_picture(Path(upload.path), max_side=WORKING_SIDE)
    except UnreadableError as error:
        return str(error)
    if picture.digest != upload.digest:
        return "the file has changed since"
    return lambda: home.copies.recognise([picture], task.view)[0]
