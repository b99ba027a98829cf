"""Scanning uploads: look with each kind, apply the policy, one result an upload."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lynkeus.core import Finding, Picture, UnreadableError, UploadResult, Verdict, read_picture, strictest
from lynkeus.core.folders import Entry, display
from lynkeus.core.parallel import in_order
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds import DEFAULT
from lynkeus.kinds.items import THUMB
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.lane import AnyLane, Found


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scanned:
    """One scanned upload.

    Attributes:
        result: What is reported: findings that a policy acts on or, without a policy in force, likely findings.
        candidates: Every verified candidate, also below any policy, best first.
        galleries: Name of each gallery that the upload was compared with, to its id.
        compared: Id of each gallery that the upload was compared with, to the revision of the catalog that was covered.
        earlier: Number of the upload that was scanned again; None for a new one.
        items: What a later rescan needs; empty unless asked for.
    """

    result: UploadResult
    candidates: tuple[Finding, ...] = ()
    galleries: Mapping[str, int] = field(default_factory=dict[str, int])
    compared: Mapping[int, int] = field(default_factory=dict[int, int])
    earlier: int | None = None
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
            UnknownNameError: A gallery is not known, or a gallery is of a kind that is not installed.
        """
        for name in self.galleries:
            home.catalog.galleries.get(name)
        home.catalog.uploads.expire()
        lanes = _Lanes(home)
        yield from in_order(lambda entry: self._scan(home, entry, judge, lanes), entries, jobs=self.jobs)

    def _scan(self, home: Home, entry: Entry, judge: Judge, lanes: "_Lanes") -> Scanned:
        started = time.perf_counter()
        path = display(entry.path)
        if entry.error is not None:
            return _unreadable(path, entry.error)
        try:
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
            return self._looked(home, path, picture, judge, lanes, started)
        except UnreadableError as error:
            return _unreadable(path, str(error))

    def _looked(
        self, home: Home, path: str, picture: Picture, judge: Judge, lanes: "_Lanes", started: float
    ) -> Scanned:
        asked = [each for name, each in home.galleries().items() if not self.galleries or name in self.galleries]
        kinds = {gallery.kind for gallery in asked} | ({DEFAULT} if self.keep else set[str]())
        found, compared = Found(), dict[int, int]()
        items: dict[str, bytes] = {THUMB: encode_thumbnail(picture.rgb)} if self.keep else {}
        for kind in sorted(kinds):
            ids = frozenset(gallery.id for gallery in asked if gallery.kind == kind)
            lane = lanes(kind)
            snapshot = lane.library.snapshot(ids)
            compared |= dict.fromkeys(ids, snapshot.stamp.revision)
            if not (self.keep or len(snapshot.view)):
                continue
            seen = lane.recogniser.observe(picture)
            if len(snapshot.view):
                found += lane.found(seen, lambda: picture, snapshot.view, judge)
            items |= lane.recogniser.keep(seen) if self.keep else {}
        return Scanned(
            result=result_of(path, picture, found, time.perf_counter() - started),
            candidates=found.candidates,
            galleries={gallery.name: gallery.id for gallery in asked},
            compared=compared,
            items=items,
        )


class _Lanes:
    """The lanes of one scan: clean pictures that are added meanwhile change no score under its rates."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._lanes: dict[str, AnyLane] = {}

    def __call__(self, kind: str) -> AnyLane:
        """The lane of a kind.

        Raises:
            ConflictError: Another model was put into use meanwhile.
        """
        with self._lock:
            if kind not in self._lanes:
                self._lanes[kind] = self._home.lane(kind)
            lane = self._lanes[kind]
        self._home.check_unchanged(lane)
        return lane


def result_of(path: str, picture: Picture, found: Found, seconds: float) -> UploadResult:
    """What is reported of an upload.

    Args:
        path: The upload.
        picture: Its picture; only its size and digest count.
        found: What was found in it.
        seconds: How long that took.
    """
    return UploadResult(
        upload=path,
        verdict=Verdict(strictest([finding.action for finding in found.shown])),
        findings=found.shown,
        width=picture.width,
        height=picture.height,
        digest=picture.digest,
        seconds=seconds,
    )


def _unreadable(path: str, reason: str) -> Scanned:
    return Scanned(result=UploadResult(upload=path, verdict=Verdict.UNREADABLE, error=reason))
