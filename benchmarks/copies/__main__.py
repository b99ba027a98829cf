"""Accuracy and CPU cost on one half: make the sets, register, scan, score.

``python -m benchmarks.copies --data DATA --half test --work DIR``; results go to ``results/`` beside this file.
"""

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.copies.candidates import collect, open_gallery
from benchmarks.copies.lists import SUITES
from benchmarks.copies.make import make, write_table
from benchmarks.copies.score import score
from benchmarks.copies.score import table as show
from benchmarks.harness.about import about
from benchmarks.harness.floor import forward_seconds
from benchmarks.harness.results import results_file, write_results
from lynkeus.scan.home import Home


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "test"), default="test")
    parser.add_argument("--work", type=Path, help="folder for sets and gallery; kept, so that a second run is quicker")
    parser.add_argument("--quick", action="store_true", help="sets of a fifth of the size; nothing is written")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="lynkeus-bench-"))
    report: dict[str, object] = {}
    with Home(work / f"home-{options.half}") as home:
        for suite in SUITES:
            bench = work / f"{'quick_' if options.quick else ''}{options.half}_{suite}"
            if not (bench / "truth.csv").exists():
                size = {"per": 6, "strangers": 126} if options.quick else {}
                make(options.data, options.half, suite, bench, **size)
            names = open_gallery(home, bench)
            seconds: list[float] = []
            pairs: list[tuple[str, ...]] = []
            for taken, found in collect(home, bench, names):
                seconds.append(taken)
                pairs += [(c.query, c.reference, f"{c.score:.6f}") for c in found]
            write_table(bench / "predictions.csv", ("query_id", "reference_id", "score"), pairs)
            forward = forward_seconds()
            figures = score(bench, bench / "predictions.csv")
            print(f"{suite}: {np.mean(seconds) * 1000:.0f} ms CPU a picture, {np.mean(seconds) / forward:.2f} forwards")
            print(show(figures))
            report[suite] = {
                "figures": asdict(figures),
                "cpu_ms": round(float(np.mean(seconds)) * 1000, 1),
                "forward_ms": round(forward * 1000, 1),
                "forwards": round(float(np.mean(seconds)) / forward, 3),
            }
    if not options.quick:
        write_results(
            results_file("copies", f"copies-{options.half}.json"),
            {"about": {"half": options.half, **about()}, **report},
        )


if __name__ == "__main__":
    main()
