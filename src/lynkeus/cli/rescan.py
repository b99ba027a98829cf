"""``lynkeus rescan``: earlier uploads against references that came later."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, command_line, jobs_option, output_options, progress
from lynkeus.cli.wanted import Wanted


@click.command()
@click.option("--gallery", "galleries", multiple=True, help="Look in this gallery only; may be repeated.")
@output_options
@jobs_option
@click.pass_obj
def rescan(home: Path, *, galleries: tuple[str, ...], wanted: Wanted, jobs: int | None) -> None:
    """Look for references that came later in uploads that were scanned earlier.

    Uses what `scan --keep DAYS` kept of them, else their files where these are still the same; others are
    listed as not kept. New findings are recorded. Ends with 1 when no upload was recorded or no reference
    came later.

    \b
    lynkeus rescan --report later.html
    """
    from lynkeus.cli.opened import calibrated, open_home
    from lynkeus.cli.outputs import Outputs
    from lynkeus.core import Verdict
    from lynkeus.scan.parallel import default_jobs
    from lynkeus.scan.record import Recorder
    from lynkeus.scan.rescan import Rescan

    wanted.check()
    started, clock = datetime.now(UTC), time.perf_counter()
    again = Rescan(galleries=frozenset(galleries), jobs=jobs or default_jobs())
    scanned = found = lost = 0
    with open_home(home) as opened, Outputs(wanted) as outputs, Recorder(opened) as recorder:
        judge = calibrated(opened, jobs=jobs)
        for row in progress(again(opened, judge), total=None):
            scanned += 1
            outputs.add(row)
            if row.result.verdict is Verdict.UNREADABLE:
                lost += 1
                click.echo(f"{row.result.upload}: {row.result.error}", err=True)
            elif row.result.findings:
                found += 1
                recorder.add(row)
        recorder.flush()
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
    sys.exit(DONE if scanned else FAILED)
