"""``lynkeus background``: pictures known to be clean."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lynkeus.cli.options import DONE, FAILED, calibrated, jobs_option, json_option, open_home, progress

if TYPE_CHECKING:
    from lynkeus.catalog import Background
    from lynkeus.scan.home import Home


@click.group()
def background() -> None:
    """Clean pictures: they say how often a score comes by chance.

    A fifth of them (256 at most) normalises scores; the others calibrate: 300 of these support a policy of 1
    in 100.

    \b
    lynkeus background add clean/
    lynkeus background list --gallery mine
    """


@background.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@jobs_option
@json_option
@click.pass_obj
def add(home: Path, *, paths: tuple[Path, ...], jobs: int | None, as_json: bool) -> None:
    """Add pictures known to hold nothing protected: files or folders.

    Near-copies of references are named and left out of the calibration.

    \b
    lynkeus background add clean/
    """
    from lynkeus.core.folders import walk
    from lynkeus.scan.backgrounds import AddOutcome, add_clean
    from lynkeus.scan.parallel import default_jobs

    threads = jobs or default_jobs()
    count: Counter[AddOutcome] = Counter()
    with open_home(home, create=True) as opened:
        entries = list(walk(paths))
        for row in progress(add_clean(opened, entries, jobs=threads), total=len(entries)):
            count[row.outcome] += 1
            if as_json:
                click.echo(json.dumps({"path": row.path, "outcome": row.outcome, "detail": row.detail}))
            elif row.outcome is AddOutcome.UNREADABLE:
                click.echo(f"{row.path}: {row.detail}", err=True)
    with open_home(home) as opened:  # anew: the added pictures may normalise
        calibrated(opened, jobs=threads)
        _name_excluded(opened)
        if not as_json:
            click.echo(
                f"added {count[AddOutcome.ADDED]:,}, {count[AddOutcome.KNOWN]:,} known before,"
                f" {count[AddOutcome.UNREADABLE]:,} could not be read; {_halves_in_words(opened)}"
            )
    sys.exit(DONE if count.total() > count[AddOutcome.UNREADABLE] else FAILED)


@background.command(name="list")
@click.option("--gallery", help="With each picture's highest score against this gallery, highest first.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Rows shown at most.")
@json_option
@click.pass_obj
def list_pictures(home: Path, *, gallery: str | None, limit: int, as_json: bool) -> None:
    """List the background. A high score may be a picture that is not clean after all.

    \b
    lynkeus background list --gallery mine
    """
    with open_home(home) as opened:
        rows = _rows(opened, gallery)
        total = len(rows)
        for row in rows[:limit]:
            click.echo(json.dumps(row) if as_json else _line(row))
        if not as_json:
            more = f", {total - limit:,} more not shown" if total > limit else ""
            click.echo(f"{_halves_in_words(opened)}{more}")
    sys.exit(DONE if total else FAILED)


@background.command()
@click.argument("pictures", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove the whole background.")
@click.pass_obj
def remove(home: Path, *, pictures: tuple[str, ...], everything: bool) -> None:
    """Remove pictures, by name, path or number.

    \b
    lynkeus background remove beach.jpg 17
    """
    from lynkeus.core.errors import UnknownNameError

    if everything == bool(pictures):
        raise click.UsageError("name the pictures that are to go, or --all")
    with open_home(home) as opened:
        known = opened.catalog.backgrounds.all()
        ids = {b.id for b in known if everything}
        for wanted in pictures:
            found = {b.id for b in known if wanted in (b.name, b.source, str(b.id))}
            if not found:
                raise UnknownNameError(f"no background picture {wanted!r}; `lynkeus background list` shows them")
            ids |= found
        opened.catalog.backgrounds.remove(ids)
    click.echo(f"removed {len(ids):,}")


def _rows(home: "Home", gallery: str | None) -> list[dict[str, object]]:
    from lynkeus.scan.calibrate import NOTHING_ALIKE, scores_of
    from lynkeus.scan.home import halves

    pictures = home.catalog.backgrounds.all()
    normalising = {b.id for b in halves(pictures).normalising}
    if gallery is None:
        return [_row(b, normalises=b.id in normalising) for b in pictures]
    scores = scores_of(home, gallery)
    known = {b.id: b for b in pictures}
    best_first = sorted(scores.values(), key=lambda s: -s.score)
    return [
        _row(known[s.background_id], normalises=False)
        | {"score": None if s.score == NOTHING_ALIKE else s.score, "excluded": s.reason or None}
        for s in best_first
    ]


def _row(picture: "Background", *, normalises: bool) -> dict[str, object]:
    use = "normalises" if normalises else "calibrates"
    return {"id": picture.id, "name": picture.name, "source": picture.source, "use": use}


def _line(row: dict[str, object]) -> str:
    score = row.get("score")
    figures = "" if score is None else f"  score {score:.3f}"
    left_out = f"  left out: {row['excluded']}" if row.get("excluded") else ""
    return f"{row['id']:>6}  {row['use']}{figures}{left_out}  {row['source'] or row['name']}"


def _name_excluded(home: "Home") -> None:
    from lynkeus.scan.calibrate import scores_of

    names = {b.id: b.source or b.name for b in home.catalog.backgrounds.all()}
    for gallery in home.catalog.galleries.all():
        for score in scores_of(home, gallery.name).values():
            if score.excluded:
                click.echo(f"{names[score.background_id]}: left out for {gallery.name}, {score.reason}", err=True)


def _halves_in_words(home: "Home") -> str:
    from lynkeus.scan.home import halves

    parted = halves(home.catalog.backgrounds.all())
    return f"{len(parted.calibrating):,} pictures calibrate, {len(parted.normalising):,} normalise"
