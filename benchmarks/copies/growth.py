"""What a larger gallery costs: CPU a query, memory, disk, time to open, and recall, at 1k, 10k and 100k references.

``python -m benchmarks.copies.growth --data DATA --work DIR``, after ``python -m benchmarks.copies --half tune --work
DIR``, which makes the queries; what it enrolled is not enrolled again. The galleries (``benchmarks.copies.growing``
says of what) stay in DIR as ``home-1000`` and so on; a second run measures those that are there. Each is measured by a
process of its own, one thread, pictures and floor in turns.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.copies import lists
from benchmarks.copies.candidates import GALLERY as BENCHMARK
from benchmarks.copies.candidates import findings, table
from benchmarks.copies.growing import Maker, Material, stock, stored_items
from benchmarks.copies.lists import SUITES
from benchmarks.copies.part import queries_of
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.harness.rounds import Rounds, open_floor
from lynkeus.catalog import NewReference, Owner
from lynkeus.core import UnknownNameError
from lynkeus.kinds.copies.kind import COPIES
from lynkeus.kinds.copies.recogniser import load
from lynkeus.matching.compact import CompactFeatures
from lynkeus.metrics import micro_average_precision, recall_at_precision
from lynkeus.scan.home import Home

GALLERY = "growth"
SIZES = (1_000, 10_000, 100_000)
HALF = "tune"
SHARED = {("listed", "Q01920_stranger"), ("further", "Q01176_stranger")}
"""Queries left out: seen to show part of the same photograph as a reference of the larger galleries, found by looking
at the best-scored strangers of each twelfth query. One is cropped to another person, one composed of the same apple."""
_BATCH = 256
_MIB = 1 << 20


def grow(work: Path, sizes: tuple[int, ...], material: Material) -> None:
    """Make the galleries that are not there yet, each from the one before."""
    stocked = _stocked(work, material.data)
    for before, size in zip((0, *sizes[:-1]), sizes, strict=True):
        final, draft = work / f"home-{size}", work / "home-growing"
        if final.exists():
            continue
        shutil.rmtree(draft, ignore_errors=True)
        if before:
            shutil.copytree(work / f"home-{before}", draft)
        made = _made(work, before)
        started = time.process_time()
        with Home(draft) as home:
            made += _extend(home, Maker(load(home.models), material, stocked), size, last=sum(made.values()))
            home.lane(COPIES.name).library.compact(force=True)
        (work / f"made-{size}.json").write_text(json.dumps(dict(made)))
        draft.rename(final)
        print(f"{size:,} references: {dict(made)}, {time.process_time() - started:.0f} s CPU")


def _made(work: Path, size: int) -> Counter[str]:
    return Counter(json.loads((work / f"made-{size}.json").read_text())) if size else Counter()


def _stocked(work: Path, data: Path) -> dict[str, NewReference]:
    """What the accuracy benchmark has enrolled in the same folder."""
    found: dict[str, NewReference] = {}
    for folder in (work / f"home-{half}" for half in lists.HALVES):
        if folder.exists():
            with Home(folder, create=False) as home:
                found |= stock(home, data, BENCHMARK)
    return found


def _extend(home: Home, maker: Maker, size: int, *, last: int) -> Counter[str]:
    """Register references up to a size; how many of each kind were made."""
    try:
        home.catalog.galleries.get(GALLERY)
    except UnknownNameError:
        home.catalog.galleries.create(GALLERY, kind=COPIES.name)
    if maker.material.kind(size - 1) == "cuts":
        _remember(home, maker)
    kinds: Counter[str] = Counter()
    batch: list[NewReference] = []
    number = last
    with tqdm(total=size - last, desc=f"to {size:,}", disable=None) as bar:
        while sum(kinds.values()) < size - last:
            number += 1
            for reference, kind in maker(number - 1, number):
                batch.append(reference)
                kinds[kind] += 1
                bar.update()
            if len(batch) >= _BATCH or sum(kinds.values()) == size - last:
                home.catalog.references.add(GALLERY, batch)
                batch = []
    return kinds


def _remember(home: Home, maker: Maker) -> None:
    """What is registered, as material for cuts."""
    after = 0
    while page := home.catalog.references.page(GALLERY, after=after):
        names = {reference.id: reference.name for reference in page if not reference.name.startswith("cut ")}
        stored = stored_items(home, maker.copies, list(names))
        for number, name in names.items():
            maker.keep(name, stored[number])
        after = page[-1].id


def measure(folder: Path, work: Path, every: int) -> dict[str, Any]:
    """Everything about one gallery, in this process."""
    floor = open_floor(work)
    bare = _memory()
    started = _clocks()
    with Home(folder, create=False) as home:
        opened = _clocks() - started
        lane = home.lane(COPIES.name)  # loads the models; their time does not depend on the gallery, and is left out
        started = _clocks()
        view = lane.library.snapshot().view
        opened += _clocks() - started
        loaded = _memory()
        rounds = Rounds(floor)
        scores: list[float] = []
        hits: list[bool] = []
        copies = strangers = 0
        for suite in SUITES:
            bench = work / f"{HALF}_{suite}"
            truth = table(bench / "truth.csv", "query_id", "reference_id")
            queries = [file for file in queries_of(bench, every) if (suite, file.stem) not in SHARED]
            for query in tqdm(queries, desc=f"{len(view):,}, {suite}", disable=None):
                with rounds.picture():
                    found = findings(lane, query)
                names = {r.id: r.name for r in home.catalog.references.many([f.reference_id for f in found]).values()}
                scores += [f.score for f in found]
                hits += [names[f.reference_id] == truth[query.stem] for f in found]
                copies, strangers = copies + bool(truth[query.stem]), strangers + (not truth[query.stem])
        points = _points(home, lane.recogniser.index.needs[0])
    score, hit = np.array(scores), np.array(hits)
    return {
        "references": len(view),
        "points_a_reference": points,
        "copies": copies,
        "strangers": strangers,
        "micro_ap": micro_average_precision(score, hit, copies),
        **{
            f"recall_p{percent}": recall_at_precision(score, hit, copies, precision=percent / 100).recall
            for percent in (90, 99)
        },
        "cost": asdict(rounds.cost()),
        "open": {"wall_s": round(float(opened[0]), 4), "cpu_s": round(float(opened[1]), 4)},
        "memory_mib": {"bare": bare, "open": loaded, "after": _memory()},
        "disk_mib": {part: _size(folder, part) for part in ("catalog.sqlite", "index")},
    }


def _clocks() -> np.ndarray:
    """Seconds of the clock, and CPU seconds of this process."""
    return np.array([time.perf_counter(), time.process_time()])


def _points(home: Home, local: str) -> float:
    """Mean number of points of some references, whose local features are stored under a name."""
    page = home.catalog.references.page(GALLERY, after=home.catalog.references.count() // 2, limit=500)
    raws = home.catalog.blobs.read(Owner.REFERENCE, [reference.id for reference in page], local)
    return round(float(np.mean([len(CompactFeatures.unpack(raw)) for raw in raws.values()])), 1)


def _memory() -> dict[str, int]:
    """Memory of this process now, MiB: its own, and of mapped files what is held at the moment."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        name: int(lines[key].split()[0]) // 1024
        for name, key in (("own", "RssAnon"), ("mapped", "RssFile"), ("peak", "VmHWM"))
    }


def _size(folder: Path, part: str) -> float:
    files = [folder / part, *(folder / part).rglob("*")]
    return round(sum(file.stat().st_size for file in files if file.is_file()) / _MIB, 1)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of `python -m benchmarks.copies --half tune`")
    parser.add_argument("--crops", type=int, default=1_000, help="crops that are enrolled as pictures are (1,000)")
    parser.add_argument("--every", type=int, default=4, help="use each so many-th query (4)")
    parser.add_argument("--quick", action="store_true", help="up to 1,000 references; nothing is written")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.work, options.every)))
        return
    sizes = SIZES[:1] if options.quick else SIZES
    if not all((options.work / f"home-{size}").exists() for size in sizes):
        grow(options.work, sizes, Material.of(options.data, HALF, options.crops))
    open_floor(options.work)
    galleries: list[dict[str, Any]] = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.copies.growth", "--work", str(options.work)]
        command += ["--measure", str(options.work / f"home-{size}"), "--every", str(options.every)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        galleries.append({**json.loads(done.stdout), "made": dict(_made(options.work, size))})
        print(json.dumps(galleries[-1]))
    if not options.quick:
        write_results(results_file("copies", "growth.json"), {"about": about(), "galleries": galleries})


if __name__ == "__main__":
    main()
