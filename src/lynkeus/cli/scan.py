"""``lynkeus scan``: find registered pictures in uploads."""

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FOUND, SOME_UNREADABLE, command_line, jobs_option, output_options, progress
from lynkeus.cli.wanted import Wanted


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--gallery", "galleries", multiple=True, help="Compare with this gallery only; may be repeated.")
@click.option(
    "--keep", type=click.IntRange(1), metavar="DAYS", help="Keep the data that a rescan needs, for DAYS days."
)
@output_options
@jobs_option
@click.pass_obj
def scan(
    home: Path,
    *,
    paths: tuple[Path, ...],
    galleries: tuple[str, ...],
    keep: int | None,
    wanted: Wanted,
    jobs: int | None,
) -> None:
    """Find registered pictures in uploads (files or folders).

    Ends with 3 when some files could not be read; otherwise with 1 when something was found, and with 0 when nothing
    was found.

    \b
    lynkeus scan uploads/ --report out.html --json out.jsonl
    """
    from lynkeus.cli.opened import calibrated, open_home
    from lynkeus.cli.outputs import Outputs
    from lynkeus.core import Verdict
    from lynkeus.core.folders import display, walk
    from lynkeus.core.parallel import default_jobs
    from lynkeus.scan.record import recorded
    from lynkeus.scan.scanner import Scan

    wanted.check()
    started, clock = datetime.now(UTC), time.perf_counter()
    verdicts: Counter[Verdict] = Counter()
    scanned = Scan(galleries=frozenset(galleries), jobs=jobs or default_jobs(), keep=keep is not None)
    with open_home(home) as opened, Outputs(wanted) as outputs:
        judge = calibrated(opened, galleries, jobs=jobs)
        if not any(opened.catalog.references.count(name) for name in galleries or [None]):
            click.echo("warning: no reference is registered there, so nothing can be found", err=True)
        entries = list(walk(paths))
        shown = progress(scanned(opened, entries, judge), total=len(entries))
        for row in recorded(opened, shown, keep_days=keep):
            verdicts[row.result.verdict] += 1
            outputs.add(row)
            if row.result.verdict is Verdict.UNREADABLE:
                click.echo(f"{row.result.upload}: {row.result.error}", err=True)
        outputs.finish(
            opened,
            judge,
            scanned=tuple(display(path) for path in paths),
            started=started,
            seconds=time.perf_counter() - clock,
            command=command_line(),
            files={display(entry.path): entry.path for entry in entries},
        )
    click.echo(
        f"{verdicts.total():,} scanned: {verdicts[Verdict.BLOCK]:,} block, {verdicts[Verdict.REVIEW]:,} review,"
        f" {verdicts[Verdict.CLEAR]:,} clear, {verdicts[Verdict.UNREADABLE]:,} could not be read",
        err=wanted.printed,
    )
    if verdicts[Verdict.UNREADABLE]:
        sys.exit(SOME_UNREADABLE)
    sys.exit(FOUND if verdicts[Verdict.REVIEW] + verdicts[Verdict.BLOCK] else DONE)
