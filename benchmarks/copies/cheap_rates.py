"""What one new reference costs the rates, and which scores of clean pictures the cheap way changes.

``python -m benchmarks.copies.cheap_rates --data DATA --work DIR``; ``--quick`` tries it out with few pictures.

Each gallery is registered at once and calibrated. Then pictures are registered one by one. After each, the CPU seconds
of the calibration are those above a calibration with nothing new, with all that a fresh process reads from the disk.
On a sample of clean pictures the scores are compared with two slow ways: every clean picture is matched with the
gallery whenever a reference comes and keeps its better score ("step"), and every clean picture is matched with the
whole gallery at the end ("at once").
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.copies.lists import pictures_below
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Owner
from lynkeus.core.folders import walk
from lynkeus.scan.backgrounds import add_clean
from lynkeus.scan.calibrate import NOTHING_ALIKE, judge_of, scores_of
from lynkeus.scan.clean_pictures import NORMALISING
from lynkeus.scan.home import Home
from lynkeus.scan.register import Registration

FOLDERS = ("copydet/imagenet_sample", "copydet/bsds500", "copydet/clothing_cc0")
MORE_CLEAN = ("finegrained/birds", "finegrained/cars")
"""Pictures that are clean here, as no reference comes from their folders."""

SIZES = (100, 300)
CLEAN = 3000
ADDED = 6
EVERY = 30  # of the clean pictures, each so many-th is compared with the slow ways: 100 of 3,000
SHARES = (0.5, 0.2, 0.1, 0.03, 0.01)
"""Shares of clean pictures at whose scores the rates are compared."""

_SAME = 1e-6


def build(home: Home, data: Path, clean: int, sizes: Sequence[int], added: int, jobs: int) -> dict[str, list[Path]]:
    """Add the clean pictures and register the galleries; gives the pictures that are registered later."""
    own = [path for folder in FOLDERS for path in pictures_below(data, folder)]
    random.Random(0).shuffle(own)
    wanted = sum(sizes) + added * len(sizes)
    references, rest = own[:wanted], own[wanted:]
    pictures = rest + [path for folder in MORE_CLEAN for path in pictures_below(data, folder)]
    random.Random(1).shuffle(pictures)
    for row in tqdm(add_clean(home, walk([data / p for p in pictures[: clean + NORMALISING]]), jobs=jobs)):
        del row
    later: dict[str, list[Path]] = {}
    for size in sizes:
        first, references = references[:size], references[size:]
        later[str(size)], references = [data / p for p in references[:added]], references[added:]
        list(Registration(gallery=str(size), names={})(home, walk([data / path for path in first])))
    return later


def measure(home: Home, gallery: str, later: Sequence[Path]) -> dict[str, Any]:
    """Register pictures one by one: seconds, and what became of the scores."""
    judge_of(home)
    before = dict(scores_of(home, gallery))
    sample = sorted(before)[::EVERY]
    step = {number: before[number].score for number in sample}
    seconds: list[float] = []
    wrong: list[float] = []
    found: dict[int, dict[int, float]] = {}
    for path in tqdm(later, desc=gallery):
        idle = _cpu(home)
        cheap = scores_of(home, gallery)
        known = {reference.id for reference in _references(home, gallery)}
        list(Registration(gallery=gallery, names={})(home, walk([path])))
        home.lane("copy").library.snapshot()  # a scan opens the index in any case
        seconds.append(_cpu(home) - idle)
        newer = {reference.id for reference in _references(home, gallery)} - known
        found = {number: _match(home, gallery, number) for number in sample}
        new = {n: max((s for r, s in found[n].items() if r in newer), default=NOTHING_ALIKE) for n in sample}
        after = scores_of(home, gallery)
        kept = [n for n in sample if not after[n].excluded]
        wrong.append(float(np.mean([abs(max(cheap[n].score, new[n]) - after[n].score) > _SAME for n in kept])))
        step = {number: max(step[number], new[number]) for number in sample}
    after = scores_of(home, gallery)
    once = {number: max(found[number].values(), default=NOTHING_ALIKE) for number in sample}
    kept = [n for n in sample if not after[n].excluded]
    return {
        "references": int(gallery),
        "clean": len(before),
        "compared": len(kept),
        "added": len(later),
        "cpu_s": {"median": float(np.median(seconds)), "most": max(seconds)},
        "changed_a_step": float(np.mean(wrong)),
        "changed_after_all": {
            "step": float(np.mean([abs(step[n] - after[n].score) > _SAME for n in kept])),
            "at_once": float(np.mean([abs(once[n] - after[n].score) > _SAME for n in kept])),
        },
        "rates": _rates([after[n].score for n in kept], [step[n] for n in kept], [once[n] for n in kept]),
    }


def _cpu(home: Home) -> float:
    started = time.process_time()
    judge_of(home)
    return time.process_time() - started


def _references(home: Home, gallery: str) -> list[Any]:
    return [r for r in home.catalog.references.page(gallery, after=0, limit=10_000) if r.removed_revision is None]


def _match(home: Home, gallery: str, number: int) -> dict[int, float]:
    """Scores of a clean picture with the candidates of a gallery."""
    lane = home.lane("copy")
    view = lane.library.snapshot(frozenset({home.catalog.galleries.get(gallery).id})).view
    found = lane.recogniser.match(lane.recogniser.recall(lane.stored(Owner.BACKGROUND, number)), view)
    return {each.reference_id: each.score for each in found}


def _rates(cheap: Sequence[float], step: Sequence[float], once: Sequence[float]) -> list[dict[str, float]]:
    """The rates that the scores of the sample give, at some scores."""
    models = {n: RateModel.fit(np.array(s)) for n, s in (("cheap", cheap), ("step", step), ("at_once", once))}
    at = [float(np.quantile(step, 1 - share)) for share in SHARES]
    rows: list[dict[str, float]] = []
    for score in at:
        row = {"score": round(score, 3)}
        for name, model in models.items():
            assert model is not None
            rate = model(score)
            row |= {name: round(rate.value, 5), f"{name}_upper": round(rate.upper, 5)}
        rows.append(row)
    return rows


def processor() -> str:
    """Name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="an empty folder: a home is made there")
    parser.add_argument("--jobs", type=int, default=2, help="threads that build the home (2)")
    parser.add_argument("--quick", action="store_true", help="400 clean pictures, 20 references; nothing is written")
    options = parser.parse_args()
    clean, sizes, added = (400, (20,), 3) if options.quick else (CLEAN, SIZES, ADDED)
    with Home(options.work) as home:
        later = build(home, options.data, clean, sizes, added, options.jobs)
        judge_of(home, jobs=options.jobs)
    galleries: list[dict[str, Any]] = []
    for size in sizes:
        with Home(options.work) as home:
            galleries.append(measure(home, str(size), later[str(size)]))
        print(json.dumps(galleries[-1]))
    if not options.quick:
        write_results(
            results_file("copies", "cheap-rates.json"),
            {"about": {**about(), "processor": processor()}, "galleries": galleries},
        )


if __name__ == "__main__":
    main()
