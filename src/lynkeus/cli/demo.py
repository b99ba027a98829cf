"""``lynkeus demo``: show within a minute how lynkeus works, on pictures that come with the package."""

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, command_line, jobs_option, progress
from lynkeus.cli.wanted import Wanted


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
    """Register sample pictures and an object, disguise the pictures, find pictures and object, and write a report.

    \b
    lynkeus demo
    """
    from lynkeus.cli.demo_pictures import OBJECT, demo_line, demo_pictures, make_uploads
    from lynkeus.cli.outputs import Outputs
    from lynkeus.core.folders import display, walk
    from lynkeus.core.parallel import default_jobs
    from lynkeus.kinds.copies.kind import COPIES
    from lynkeus.kinds.objects.kind import OBJECTS
    from lynkeus.scan.calibrate import judge_of
    from lynkeus.scan.home import Home
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
        shown = dict.fromkeys(map(display, pictures.object_references), OBJECT)
        objects = Registration(gallery="demo-objects", names=shown, kind=OBJECTS.name, jobs=threads)
        for _ in objects(opened, list(walk(pictures.object_references))):
            pass
        uploads = make_uploads(pictures, out / "uploads")
        judge = judge_of(opened)
        found: Counter[str] = Counter()
        scan = Scan(jobs=threads)(opened, list(walk(uploads)), judge)
        for row in progress(scan, total=len(uploads), title="scan"):
            outputs.add(row)
            found.update({finding.kind for finding in row.result.findings})
            click.echo(demo_line(row.result))
        outputs.finish(
            opened,
            judge,
            scanned=(display(out / "uploads"),),
            started=started,
            seconds=time.perf_counter() - clock,
            command=command_line(),
            files={},
            title="Demo: disguised copies and an object found",
        )
    strangers = len(pictures.strangers)
    click.echo(
        f"{registered} pictures registered,"
        f" {found[COPIES.name]} of {len(uploads) - strangers - 1} disguised copies found,"
        f" {OBJECT} named in {found[OBJECTS.name]} uploads, {strangers} strangers,"
        f" in {time.perf_counter() - clock:.0f} s"
    )
    click.echo(f"open {report.absolute()}")
    sys.exit(DONE if found[COPIES.name] and found[OBJECTS.name] else FAILED)
