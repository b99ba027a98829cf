"""``lynkeus models``: list and verify the models, and choose the models in use."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lynkeus.cli.options import DONE, FAILED, jobs_option, json_option, progress

if TYPE_CHECKING:
    from lynkeus.runtime.cards import ModelCard
    from lynkeus.scan.refresh import Change


@click.group()
def models() -> None:
    """The shipped models, and the user's own models that replace them.

    \b
    lynkeus models list
    lynkeus models verify
    lynkeus models use export/object_descriptor.json
    """


@models.command(name="list")
@json_option
@click.pass_obj
def list_models(home: Path, *, as_json: bool) -> None:
    """List models with version, size, licence and terms of the training data."""
    shipped, own, trouble = _cards(home)
    for card in (*shipped, *own):
        if as_json:
            click.echo(json.dumps(asdict(card), ensure_ascii=False))
        else:
            size = f"{card.path.stat().st_size / 1e6:.1f} MB" if card.path.is_file() else "missing"
            used = f", used in {home} instead of the shipped model" if card in own else ""
            click.echo(
                f"{card.name:<18} {card.version:<22} {size:>8}  {card.licence}, trained on {card.terms} data{used}"
            )
    if trouble:
        click.echo(f"lynkeus: {trouble}", err=True)
    sys.exit(FAILED if trouble or not shipped else DONE)


@models.command()
@json_option
@click.pass_obj
def verify(home: Path, *, as_json: bool) -> None:
    """Compare the digest of each model file with its card. Ends with 1 when a digest differs."""
    shipped, own, trouble = _cards(home)
    rows = [(card.name, str(card.path), card.intact()) for card in (*shipped, *own)]
    if trouble:
        rows.append(("in use", trouble, False))
    for name, file, intact in rows:
        if as_json:
            click.echo(json.dumps({"model": name, "file": file, "intact": intact}))
        else:
            click.echo(f"{name:<18} {'intact' if intact else f'DAMAGED OR MISSING: {file}'}")
    sys.exit(DONE if shipped and all(intact for _, _, intact in rows) else FAILED)


def _cards(home: Path) -> "tuple[list[ModelCard], list[ModelCard], str]":
    """The cards of the shipped models, the cards of the user's own models, and why the latter cannot be read."""
    from lynkeus.core import CorruptError
    from lynkeus.runtime.cards import cards
    from lynkeus.runtime.models_in_use import ModelsInUse

    try:
        return cards(), ModelsInUse(home).own_cards(), ""
    except CorruptError as error:
        return cards(), [], str(error)


@models.command()
@click.argument("card", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--shipped", is_flag=True, help="Go back to the shipped models.")
@click.option("--drop-missing", is_flag=True, help="Remove references that have neither their file nor a thumbnail.")
@jobs_option
@json_option
@click.pass_obj
def use(home: Path, *, card: Path | None, shipped: bool, drop_missing: bool, jobs: int | None, as_json: bool) -> None:
    """Use the model of CARD, a file that `lynkeus export` wrote, for all scans of this home.

    lynkeus copies the model into the home and describes every reference by the new model: from the reference's file
    when the file is unchanged, otherwise from the thumbnail. The old model answers until the new model has described
    every reference. The same command resumes after an interruption.

    \b
    lynkeus export runs/own --out models/
    lynkeus models use models/object_descriptor.json
    lynkeus models use --shipped
    """
    from lynkeus.cli.opened import open_home
    from lynkeus.core.parallel import default_jobs
    from lynkeus.runtime.cards import card as shipped_card
    from lynkeus.runtime.cards import exported_card
    from lynkeus.scan.refresh import change, kind_of, replaced

    if (card is None) == (not shipped):
        raise click.UsageError("name a card, or --shipped")
    wanted = None if card is None else exported_card(card)
    if wanted is not None:
        kind_of(wanted.name)
    with open_home(home, create=True) as opened:
        wishes = [shipped_card(name) for name in replaced(opened)] if wanted is None else [wanted]
        lost = 0
        for each in wishes:
            done = change(opened, each, jobs=jobs or default_jobs(), shown=_shown, drop_missing=drop_missing)
            lost += len(done.lost)
            _tell(each.name, each.version, done, as_json=as_json)
    sys.exit(FAILED if lost else DONE)


@models.command()
@click.option("--drop-missing", is_flag=True, help="Remove references that have neither their file nor a thumbnail.")
@jobs_option
@json_option
@click.pass_obj
def refresh(home: Path, *, drop_missing: bool, jobs: int | None, as_json: bool) -> None:
    """Describe references again by the models in use, when another model described them.

    \b
    lynkeus models refresh
    """
    from lynkeus.cli.opened import open_home
    from lynkeus.core.parallel import default_jobs
    from lynkeus.scan.refresh import refresh as refreshed

    lost = 0
    with open_home(home) as opened:
        for kind in sorted({gallery.kind for gallery in opened.galleries().values()}):
            done = refreshed(opened, kind, jobs=jobs or default_jobs(), shown=_shown, drop_missing=drop_missing)
            lost += len(done.lost)
            _tell(kind, opened.lane(kind).recogniser.traits.version, done, as_json=as_json)
    sys.exit(FAILED if lost else DONE)


def _shown(items: Iterator[Any], count: int, title: str) -> Iterator[Any]:
    return progress(items, total=count, title=title)


def _tell(name: str, version: str, done: "Change", *, as_json: bool) -> None:
    """Print the result of a change of models."""
    if as_json:
        click.echo(json.dumps({"model": name, "version": version, **asdict(done)}))
        return
    for label in done.thumbnails:
        click.echo(f"{label}: its file is missing or has changed; described from its thumbnail", err=True)
    for label in done.lost:
        click.echo(f"{label}: its file and its thumbnail are missing; the old model goes on answering", err=True)
    for label in done.dropped:
        click.echo(f"{label}: removed, because its file and its thumbnail are missing", err=True)
    click.echo(
        f"{name} {version} is {'' if done.in_use else 'not '}in use; "
        f"{done.files:,} references described from their files, {len(done.thumbnails):,} from thumbnails"
    )
    if done.lost:
        click.echo(
            f"{len(done.lost):,} cannot be described: put their files back at the registered paths (a "
            "relative path starts from this folder), remove the references, or let --drop-missing remove them",
            err=True,
        )
