"""Scanning uploads: recognise, calibrate, apply the policy, one result an upload."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lynkeus.core import Finding, Picture, UnreadableError, UploadResult, Verdict, read_picture, strictest
from lynkeus.core.folders import Entry, display
from lynkeus.kinds.objects.recogniser import packed
from lynkeus.kinds.protocol import COPIES, OBJECTS
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.judged import judged
from lynkeus.scan.objects import find_objects
from lynkeus.scan.parallel import in_order
from lynkeus.scan.register import WORKING_SIDE


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scanned:
    """One scanned upload.

    Attributes:
        result: What is reported: findings that a policy acts on or, without one, those that are convincing.
        candidates: Every verified candidate, also below any policy, best first.
        revision: The catalog's revision it was scanned against.
        items: What a later rescan needs (``lynkeus.kinds.protocol.KEPT``, the vector of objects); empty unless
            asked for.
    """

    result: UploadResult
    candidates: tuple[Finding, ...] = ()
    revision: int = 0
    items: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """How uploads are scanned.

    Attributes:
        galleries: Names of the galleries that count; empty means all.
        jobs: Threads.
        keep: Give what a later rescan needs of each upload.
    """

    galleries: frozenset[str] = field(default_factory=frozenset[str])
    jobs: int = 1
    keep: bool = False

    def __call__(self, home: Home, entries: Iterable[Entry], judge: Judge) -> Iterator[Scanned]:
        """Scan files, in their order.

        Raises:
            UnknownNameError: A gallery is not known.
        """
        asked = frozenset(home.catalog.galleries.get(name).kind for name in self.galleries)
        kinds = asked or frozenset((COPIES, OBJECTS))
        home.catalog.uploads.expire()
        yield from in_order(lambda entry: self._scan(home, entry, judge, kinds), entries, jobs=self.jobs)

    def _scan(self, home: Home, entry: Entry, judge: Judge, kinds: frozenset[str]) -> Scanned:
        started = time.perf_counter()
        path = display(entry.path)
        if entry.error is not None:
            return _unreadable(path, entry.error)
        try:
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
        except UnreadableError as error:
            return _unreadable(path, str(error))
        view = home.library.view()
        candidates: tuple[Finding, ...] = ()
        shown: tuple[Finding, ...] = ()
        items: Mapping[str, bytes] = {}
        if self.keep or (len(view) and COPIES in kinds):
            seen = home.copies.observe(picture)
            candidates, shown = judged(home, home.copies.match(seen, view), judge, self.galleries)
            items = home.copies.keep(picture, seen) if self.keep else {}
        if (self.keep or OBJECTS in kinds) and len(known := home.object_library.view()):
            vector = home.object_embedder.describe(picture.rgb)
            more = find_objects(home, vector, lambda: picture, known, judge, self.galleries)
            candidates, shown = best_first(candidates + more[0]), best_first(shown + more[1])
            items = {**items, home.object_embedder.part: packed(vector)} if self.keep else items
        return Scanned(
            result=_result(path, picture, shown, time.perf_counter() - started),
            candidates=candidates,
            revision=view.stamp.revision,
            items=items,
        )


def best_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of all kinds by their scores."""
    return tuple(sorted(findings, key=lambda finding: -finding.score))


def _unreadable(path: str, reason: str) -> Scanned:
    return Scanned(result=UploadResult(upload=path, verdict=Verdict.UNREADABLE, error=reason))


def _result(path: str, picture: Picture, findings: tuple[Finding, ...], seconds: float) -> UploadResult:
    return UploadResult(
        upload=path,
        verdict=Verdict(strictest([f.action for f in findings])),
        findings=findings,
        width=picture.width,
        height=picture.height,
        digest=picture.digest,
        seconds=seconds,
    )
