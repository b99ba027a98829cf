"""``lynkeus eval``: quality measured on your own pictures."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lynkeus.cli.options import DONE, jobs_option, json_option, picture_entries, progress
from lynkeus.cli.outputs import Wanted, check_writable

if TYPE_CHECKING:
    from lynkeus.report import Pair
    from lynkeus.scan.evaluation import Figures


@click.group(name="eval")
def evaluate() -> None:
    """Measure quality.

    \b
    lynkeus eval copies --queries Q --references R --truth truth.csv
    """


@evaluate.command()
@click.option("--queries", type=click.Path(path_type=Path, exists=True), help="Folder of queries.")
@click.option("--references", type=click.Path(path_type=Path, exists=True), help="Folder of references, or csv.")
@click.option("--predictions", type=click.Path(path_type=Path, exists=True), help="Score these pairs, scan nothing.")
@click.option("--truth", "truth_file", type=click.Path(path_type=Path, exists=True), required=True, help="True pairs.")
@click.option("--disguises", "disguises_file", type=click.Path(path_type=Path, exists=True), help="Disguise a query.")
@click.option("--isc", "isc_file", type=click.Path(path_type=Path), help="Also write the predicted pairs.")
@jobs_option
@json_option
@click.pass_obj
def copies(
    home: Path,
    *,
    queries: Path | None,
    references: Path | None,
    predictions: Path | None,
    truth_file: Path,
    disguises_file: Path | None,
    isc_file: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Register references, scan queries (both in a throw-away home), print micro-AP and recalls.

    The truth has the columns query_id and reference_id (empty for none), disguises query_id and disguise;
    ids are file names without ending.

    \b
    lynkeus eval copies --queries Q --references R --truth truth.csv --isc pairs.csv
    lynkeus eval copies --predictions pairs.csv --truth truth.csv
    """
    from lynkeus.report import read_isc
    from lynkeus.scan.evaluation import figures, read_disguises, read_truth

    del home
    check_writable("--isc", isc_file)
    truth = read_truth(truth_file)
    disguises = None if disguises_file is None else read_disguises(disguises_file)
    if predictions is not None:
        pairs = read_isc(predictions)
    elif queries is not None and references is not None:
        pairs = _predict(queries, references, isc_file, jobs)
    else:
        raise click.UsageError("give --queries and --references, or --predictions")
    reached = figures(pairs, truth, disguises)
    click.echo(json.dumps(asdict(reached)) if as_json else _table(reached))
    sys.exit(DONE)


def _predict(queries: Path, references: Path, isc_file: Path | None, jobs: int | None) -> "list[Pair]":
    """The predicted pairs of a scan in a home that is thrown away."""
    from lynkeus.cli.outputs import Outputs
    from lynkeus.core import Verdict
    from lynkeus.core.folders import walk
    from lynkeus.report import read_isc
    from lynkeus.scan.calibrate import judge_of
    from lynkeus.scan.home import Home
    from lynkeus.scan.parallel import default_jobs
    from lynkeus.scan.register import Outcome, Registration
    from lynkeus.scan.scanner import Scan

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


def _table(reached: "Figures") -> str:
    threshold = "no score gives that" if reached.threshold_p99 is None else f"score {reached.threshold_p99:.4f}"
    lines = [
        f"{reached.copies:,} true pairs, {reached.strangers:,} strangers",
        f"micro-AP {reached.micro_ap:.4f}",
        f"recall at 90 % precision {reached.recall_p90:.4f}, at 99 % {reached.recall_p99:.4f} ({threshold})",
    ]
    if reached.worst_five is not None:
        lines.append(f"mean of the five weakest disguises, at 99 % {reached.worst_five:.4f}")
    weakest_first = sorted((recall, kind) for kind, recall in reached.disguises.items())
    return "\n".join([*lines, *(f"  {kind:<42} {recall:.3f}" for recall, kind in weakest_first)])
