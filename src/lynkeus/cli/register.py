"""``lynkeus register``: register pictures that later scans look for."""

import json
import sys
from collections import Counter
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, jobs_option, json_option, progress
from lynkeus.kinds import DEFAULT, KINDS


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--gallery", required=True, help="Gallery to register into; a missing gallery is made.")
@click.option(
    "--kind",
    metavar="KIND",
    help=f"Kind of the gallery: {', '.join(KINDS)}, or a kind of another package; never changes."
    f"  [default: {DEFAULT}, or the kind of the existing gallery]",
)
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME=TEXT",
    help="Set an attribute of each entity; some kinds require an attribute.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, but store nothing.")
@click.option("--no-pixels", is_flag=True, help="Store no thumbnails; findings then rest on geometry only.")
@jobs_option
@json_option
@click.pass_obj
def register(
    home: Path,
    *,
    paths: tuple[Path, ...],
    gallery: str,
    kind: str | None,
    attributes: tuple[str, ...],
    dry_run: bool,
    no_pixels: bool,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Register pictures: files, folders, or csv files with the columns path and name.

    After an interruption, run the same command again: nothing is lost and nothing is stored twice. When a kind names
    entities, each subfolder is one entity, such as a model of firearm, and holds its pictures; 1 to 5 pictures suffice.

    \b
    lynkeus register pictures/ --gallery mine
    lynkeus register firearms/ --gallery firearms --kind object
    lynkeus register list.csv --gallery brands --json
    """
    from lynkeus.cli.opened import picture_entries
    from lynkeus.core.parallel import default_jobs
    from lynkeus.scan.home import home_or_trial
    from lynkeus.scan.register import Outcome, Registration

    entries, names = picture_entries(paths)
    registration = Registration(
        gallery=gallery,
        names=names,
        kind=kind,
        attributes=dict(map(_attribute, attributes)),
        keep_pixels=not no_pixels,
        roots=paths,
        dry_run=dry_run,
        jobs=jobs or default_jobs(),
    )
    count: Counter[Outcome] = Counter()
    with home_or_trial(home, trial=dry_run) as opened:
        for row in progress(registration(opened, entries), total=len(entries)):
            count[row.outcome] += 1
            if as_json:
                click.echo(json.dumps({"path": row.path, "outcome": row.outcome, "detail": row.detail}))
            elif row.outcome in (Outcome.UNREADABLE, Outcome.NO_PICTURE, Outcome.OTHER_ENTITY):
                click.echo(f"{row.path}: {row.detail}", err=True)
            elif row.outcome is Outcome.NEAR_COPY:
                click.echo(f"{row.path}: nearly the same as {row.detail}", err=True)
    bare = count.pop(Outcome.NO_PICTURE, 0)
    others = count.pop(Outcome.OTHER_ENTITY, 0)
    if not as_json:
        done = count[Outcome.ADDED] + count[Outcome.NEAR_COPY]
        click.echo(
            f"{'would register' if dry_run else 'registered'} {done:,} in {gallery}"
            f" ({count[Outcome.NEAR_COPY]:,} of them near-copies), {count[Outcome.KNOWN]:,} known before,"
            f" {count[Outcome.UNREADABLE]:,} could not be read"
            f"{f', {others:,} registered under another name' if others else ''}"
            f"{f', {bare:,} entities without a picture' if bare else ''}"
        )
    sys.exit(DONE if count.total() > count[Outcome.UNREADABLE] else FAILED)


def _attribute(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and name.strip() and value.strip()):
        raise click.BadParameter(f"{text!r}, wanted NAME=TEXT", param_hint="--attribute")
    return name.strip(), value.strip()
