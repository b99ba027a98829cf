"""All verified candidates of a benchmark set, with what their score was made of, and the CPU time they took."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lynkeus.core import read_picture
from lynkeus.core.folders import walk
from lynkeus.core.parallel import default_jobs
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.kinds.copies.kind import COPIES
from lynkeus.kinds.protocol import RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.lane import AnyLane
from lynkeus.scan.register import Registration

GALLERY = "benchmark"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One verified pair: score, signals, and whether the query was made from the reference (``true``)."""

    query: str
    reference: str
    score: float
    figures: dict[str, float]
    true: bool


def table(file: Path, key: str, value: str) -> dict[str, str]:
    """Two columns of a csv file as a mapping."""
    with file.open(newline="") as lines:
        return {row[key]: row[value] for row in csv.DictReader(lines)}


def open_gallery(home: Home, bench: Path) -> dict[int, str]:
    """Register the gallery of a set, as far as that was not done before; names by reference id."""
    names = table(bench / "gallery.csv", "path", "name")
    registration = Registration(gallery=GALLERY, names={}, jobs=default_jobs())
    for _ in registration(home, walk([Path(path) for path in names])):
        pass
    found: dict[int, str] = {}
    while page := home.catalog.references.page(GALLERY, after=max(found, default=0)):
        found |= {reference.id: names[reference.source] for reference in page}
    return found


def findings(lane: AnyLane, upload: Path) -> list[RawFinding]:
    """Read an upload as a scan does, and match it with all references of a lane as of now; best first."""
    seen = lane.recogniser.observe(read_picture(upload, max_side=WORKING_SIDE))
    return lane.recogniser.match(seen, lane.library.snapshot().view)


def collect(
    home: Home, bench: Path, names: dict[int, str], *, every: int = 1
) -> Iterator[tuple[float, list[Candidate]]]:
    """CPU seconds and candidates of every query, or of each ``every``-th."""
    truth = table(bench / "truth.csv", "query_id", "reference_id")
    lane = home.lane(COPIES.name)
    for file in sorted((bench / "queries").iterdir(), key=lambda f: f.name)[::every]:
        started = time.process_time()
        found = findings(lane, file)
        seconds = time.process_time() - started
        yield (
            seconds,
            [
                Candidate(
                    query=file.stem,
                    reference=names[f.reference_id],
                    score=f.score,
                    figures=dict(f.figures),
                    true=names[f.reference_id] == truth[file.stem],
                )
                for f in found
            ],
        )
