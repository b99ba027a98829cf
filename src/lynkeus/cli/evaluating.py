"""Predict pairs in a temporary home, and print their figures as a table."""

import tempfile
from pathlib import Path

import click

from lynkeus.cli.opened import picture_entries
from lynkeus.cli.options import progress
from lynkeus.cli.outputs import Outputs
from lynkeus.cli.wanted import Wanted
from lynkeus.core import Verdict
from lynkeus.core.folders import walk
from lynkeus.core.parallel import default_jobs
from lynkeus.report import Pair, read_isc
from lynkeus.report.pair_figures import Figures
from lynkeus.scan.calibrate import judge_of
from lynkeus.scan.home import Home
from lynkeus.scan.register import Outcome, Registration
from lynkeus.scan.scanner import Scan


def predict(queries: Path, references: Path, isc_file: Path | None, jobs: int | None) -> list[Pair]:
    """Register the references and scan the queries in a temporary home; gives the predicted pairs."""
    threads = jobs or default_jobs()
    with tempfile.TemporaryDirectory(prefix="lynkeus-eval-") as folder, Home(Path(folder) / "home") as opened:
        entries, names = picture_entries((references,))
        registration = Registration(gallery="references", names=names, jobs=threads)
        for row in progress(registration(opened, entries), total=len(entries), title="register"):
            if row.outcome is Outcome.UNREADABLE:
                click.echo(f"{row.path}: {row.detail}", err=True)
        pairs_file = isc_file or Path(folder) / "pairs.csv"
        uploads = list(walk([queries]))
        outputs = Outputs(Wanted(isc_file=pairs_file))
        scanned = Scan(jobs=threads)(opened, uploads, judge_of(opened))
        for row in progress(scanned, total=len(uploads), title="scan"):
            outputs.add(row)
            if row.result.verdict is Verdict.UNREADABLE:
                click.echo(f"{row.result.upload}: {row.result.error}", err=True)
        outputs.write_pairs()
        return read_isc(pairs_file)


def table(reached: Figures) -> str:
    """The figures as text, the weakest disguises first."""
    threshold = "no score reaches 99 %" if reached.threshold_p99 is None else f"score {reached.threshold_p99:.4f}"
    lines = [
        f"{reached.copies:,} true pairs, {reached.strangers:,} strangers",
        f"micro-AP {reached.micro_ap:.4f}",
        f"recall at 90 % precision {reached.recall_p90:.4f}, at 99 % {reached.recall_p99:.4f} ({threshold})",
    ]
    if reached.worst_five is not None:
        lines.append(f"mean of the five weakest disguises, at 99 % {reached.worst_five:.4f}")
    weakest_first = sorted((recall, kind) for kind, recall in reached.disguises.items())
    return "\n".join([*lines, *(f"  {kind:<42} {recall:.3f}" for recall, kind in weakest_first)])
