"""``lynkeus rescan``: compare earlier uploads with references that were registered later."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FOUND, SOME_UNREADABLE, command_line, jobs_option, output_options, progress
from lynkeus.cli.wanted import Wanted


@click.command()
@click.option("--gallery", "galleries", multiple=True, help="Compare with this gallery only; may be repeated.")
@output_options
@jobs_option
@click.pass_obj
def rescan(home: Path, *, galleries: tuple[str, ...], wanted: Wanted, jobs: int | None) -> None:
    """Compare earlier uploads with references that were registered later.

    A rescan uses the data that `scan --keep DAYS` kept of an upload, otherwise the upload's file if the file is
    unchanged. All other uploads are listed as not kept. New findings are recorded. Ends with 1 when there are new
    findings; otherwise with 3 when some uploads were not kept, and with 0 when all uploads were compared.

    \b
    lynkeus rescan --report later.html
    """
    from lynkeus.cli.opened import calibrated, open_home
    from lynkeus.cli.outputs import Outputs
    from lynkeus.core import Verdict
    from lynkeus.core.parallel import default_jobs
    from lynkeus.scan.record import recorded_again
    from lynkeus.scan.rescan import Rescan

    wanted.check()
    started, clock = datetime.now(UTC), time.perf_counter()
    again = Rescan(galleries=frozenset(galleries), jobs=jobs or default_jobs())
    scanned = found = lost = 0
    with open_home(home) as opened, Outputs(wanted) as outputs:
        judge = calibrated(opened, galleries, jobs=jobs)
        for row in recorded_again(opened, progress(again(opened, judge), total=None)):
            scanned += 1
            outputs.add(row)
            if row.result.verdict is Verdict.UNREADABLE:
                lost += 1
                click.echo(f"{row.result.upload}: {row.result.error}", err=True)
            elif row.result.findings:
                found += 1
        outputs.finish(
            opened,
            judge,
            scanned=("earlier uploads",),
            started=started,
            seconds=time.perf_counter() - clock,
            command=command_line(),
            files={},
            title="Earlier uploads, later references",
        )
    click.echo(
        f"{scanned:,} earlier uploads with later references: {found:,} with new findings, {lost:,} not kept",
        err=wanted.printed,
    )
    sys.exit(FOUND if found else SOME_UNREADABLE if lost else DONE)
