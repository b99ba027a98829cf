"""``lynkeus background``: pictures known to be clean."""

import json
import sys
from collections import Counter
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, jobs_option, json_option, progress


@click.group()
def background() -> None:
    """Clean pictures: they show how often a clean upload reaches a score.

    One fifth of the pictures, at most 256, normalises scores; the others calibrate. A policy of 1 in 100 needs
    300 calibrating pictures.

    \b
    lynkeus background add clean/
    lynkeus background list --gallery mine
    """


@background.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--shipped", is_flag=True, help="Add the free pictures that come with lynkeus.")
@jobs_option
@json_option
@click.pass_obj
def add(home: Path, *, paths: tuple[Path, ...], shipped: bool, jobs: int | None, as_json: bool) -> None:
    """Add clean pictures: files or folders.

    A clean picture shows nothing protected. Near-copies of references are listed and left out of the calibration.

    \b
    lynkeus background add clean/
    """
    from lynkeus.cli.background_rows import halves_in_words, name_excluded
    from lynkeus.cli.opened import calibrated, open_home
    from lynkeus.core.folders import walk
    from lynkeus.core.parallel import default_jobs
    from lynkeus.scan.backgrounds import SHIPPED, AddOutcome, add_clean

    if not paths and not shipped:
        raise click.UsageError("name files or folders, or --shipped")
    threads = jobs or default_jobs()
    count: Counter[AddOutcome] = Counter()
    with open_home(home, create=True) as opened:
        entries = list(walk((*paths, *([SHIPPED] if shipped else []))))
        for row in progress(add_clean(opened, entries, jobs=threads), total=len(entries)):
            count[row.outcome] += 1
            if as_json:
                click.echo(json.dumps({"path": row.path, "outcome": row.outcome, "detail": row.detail}))
            elif row.outcome is AddOutcome.UNREADABLE:
                click.echo(f"{row.path}: {row.detail}", err=True)
        calibrated(opened, jobs=threads)
        name_excluded(opened)
        if not as_json:
            click.echo(
                f"added {count[AddOutcome.ADDED]:,}, {count[AddOutcome.KNOWN]:,} known before,"
                f" {count[AddOutcome.UNREADABLE]:,} could not be read; {halves_in_words(opened)}"
            )
    sys.exit(DONE if count.total() > count[AddOutcome.UNREADABLE] else FAILED)


@background.command(name="list")
@click.option("--gallery", help="Show each picture's highest score against this gallery, highest first.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most rows to show.")
@jobs_option
@json_option
@click.pass_obj
def list_pictures(home: Path, *, gallery: str | None, limit: int, jobs: int | None, as_json: bool) -> None:
    """List the background. A picture with a high score may not be clean.

    With --gallery, every picture is first compared with all references of the gallery.

    \b
    lynkeus background list --gallery mine
    """
    from lynkeus.cli.background_rows import background_line, background_rows, halves_in_words
    from lynkeus.cli.opened import calibrated, open_home

    with open_home(home) as opened:
        if gallery is not None:
            opened.catalog.galleries.get(gallery)
            calibrated(opened, jobs=jobs)
        rows = background_rows(opened, gallery)
        total = len(rows)
        for row in rows[:limit]:
            click.echo(json.dumps(row) if as_json else background_line(row))
        if not as_json:
            more = f", {total - limit:,} more not shown" if total > limit else ""
            click.echo(f"{halves_in_words(opened, gallery)}{more}")
    sys.exit(DONE if total else FAILED)


@background.command()
@click.argument("pictures", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove the whole background.")
@click.pass_obj
def remove(home: Path, *, pictures: tuple[str, ...], everything: bool) -> None:
    """Remove pictures by name, path or number.

    \b
    lynkeus background remove beach.jpg 17
    """
    from lynkeus.cli.opened import open_home
    from lynkeus.scan.backgrounds import find_clean

    if everything == bool(pictures):
        raise click.UsageError("name the pictures to remove, or --all")
    with open_home(home) as opened:
        ids = find_clean(opened, pictures)
        if everything:
            ids = {picture.id for picture in opened.catalog.backgrounds.all()}
        opened.catalog.backgrounds.remove(ids)
    click.echo(f"removed {len(ids):,}")
