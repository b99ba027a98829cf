"""``lynkeus demo``: see it work within a minute, on pictures that come with the package."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lynkeus.cli.options import DONE, FAILED, command_line, jobs_option, progress
from lynkeus.cli.outputs import Outputs, Wanted

if TYPE_CHECKING:
    from lynkeus.scan.scanner import Scanned


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("lynkeus-demo"),
    show_default="./lynkeus-demo",
    help="Folder for uploads, report and the demo's own home.",
)
@jobs_option
@click.pass_obj
def demo(home: Path, *, out: Path, jobs: int | None) -> None:
    """Register sample pictures, disguise them, find them, and write a report.

    \b
    lynkeus demo
    """
    from lynkeus.core.folders import display, walk
    from lynkeus.scan.calibrate import judge_of
    from lynkeus.scan.demo import demo_pictures, make_uploads
    from lynkeus.scan.home import Home
    from lynkeus.scan.parallel import default_jobs
    from lynkeus.scan.register import Registration
    from lynkeus.scan.scanner import Scan

    del home
    started, clock = datetime.now(UTC), time.perf_counter()
    threads = jobs or default_jobs()
    pictures = demo_pictures()
    report = out / "report.html"
    out.mkdir(parents=True, exist_ok=True)
    with Home(out / "home") as opened, Outputs(Wanted(report=report)) as outputs:
        entries = list(walk(pictures.references))
        registration = Registration(gallery="demo", names={}, jobs=threads)
        registered = len(list(progress(registration(opened, entries), total=len(entries), title="register")))
        uploads = make_uploads(pictures, out / "uploads")
        judge = judge_of(opened)
        rows: list[Scanned] = []
        scan = Scan(jobs=threads)(opened, list(walk(uploads)), judge)
        for row in progress(scan, total=len(uploads), title="scan"):
            outputs.add(row)
            rows.append(row)
        outputs.finish(
            opened,
            judge,
            scanned=(display(out / "uploads"),),
            started=started,
            seconds=time.perf_counter() - clock,
            command=command_line(),
            files={},
            title="Demo: disguised copies found",
        )
    found = _print_rows(rows)
    copies = len(uploads) - len(pictures.strangers)
    click.echo(
        f"{registered} pictures registered, {found} of {copies} disguised copies found,"
        f" {len(pictures.strangers)} strangers, in {time.perf_counter() - clock:.0f} s"
    )
    click.echo(f"open {report.absolute()}")
    sys.exit(DONE if found else FAILED)


def _print_rows(rows: "list[Scanned]") -> int:
    """One line an upload; how many show something."""
    found = 0
    for row in rows:
        name = Path(row.result.upload).name
        best = row.result.findings[0] if row.result.findings else None
        found += best is not None
        shows = "nothing registered" if best is None else f"shows {best.reference} (score {best.score:.1f})"
        click.echo(f"{name:<48} {row.result.verdict:<7} {shows}")
    return found
