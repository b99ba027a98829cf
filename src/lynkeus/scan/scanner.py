"""Scanning uploads: recognise, calibrate, apply the policy, one result an upload."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lynkeus.catalog import Reference
from lynkeus.core import Finding, Picture, UnreadableError, UploadResult, Verdict, read_picture, strictest
from lynkeus.core.folders import Entry, display
from lynkeus.recognisers.protocol import RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.parallel import in_order
from lynkeus.scan.register import WORKING_SIDE


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scanned:
    """One scanned upload.

    Attributes:
        result: What is reported: findings that a policy acts on or, without one, those that are convincing.
        candidates: Every verified candidate, also below any policy, best first.
        revision: The catalog's revision it was scanned against.
        items: What a later rescan needs (``local``, ``global``, ``thumb``); empty unless asked for.
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
        for name in self.galleries:
            home.catalog.galleries.get(name)
        home.catalog.uploads.expire()
        yield from in_order(lambda entry: self._scan(home, entry, judge), entries, jobs=self.jobs)

    def _scan(self, home: Home, entry: Entry, judge: Judge) -> Scanned:
        started = time.perf_counter()
        path = display(entry.path)
        if entry.error is not None:
            return _unreadable(path, entry.error)
        try:
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
        except UnreadableError as error:
            return _unreadable(path, str(error))
        view = home.library.view()
        seen = home.copies.observe(picture)
        raw = home.copies.match(seen, view)
        candidates, shown = judged(home, raw, judge, self.galleries)
        return Scanned(
            result=_result(path, picture, shown, time.perf_counter() - started),
            candidates=candidates,
            revision=view.stamp.revision,
            items=home.copies.keep(picture, seen) if self.keep else {},
        )


def judged(
    home: Home, raw: Iterable[RawFinding], judge: Judge, galleries: frozenset[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """All candidates as findings, and those of them that are reported.

    Args:
        home: Knows the references' names.
        raw: What the recogniser found, best first.
        judge: Calibrations and policies.
        galleries: Names of the galleries that count; empty means all.
    """
    kept = list(raw)
    references = home.catalog.references.many([r.reference_id for r in kept])
    rulings = [judge(r, references[r.reference_id]) for r in kept if _counts(references.get(r.reference_id), galleries)]
    return tuple(r.finding for r in rulings), tuple(r.finding for r in rulings if r.reported)


def _counts(reference: Reference | None, galleries: frozenset[str]) -> bool:
    if reference is None or reference.removed_revision is not None:
        return False
    return not galleries or reference.gallery in galleries


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
