"""``lynkeus models``: what ships, under which terms, whether it is intact, and which network of objects is in use."""

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
    from lynkeus.scan.object_change import Change


@click.group()
def models() -> None:
    """Models that lynkeus ships, and a network of objects of one's own.

    \b
    lynkeus models list
    lynkeus models verify
    lynkeus models use export/object_descriptor.json
    """


@models.command(name="list")
@json_option
@click.pass_obj
def list_models(home: Path, *, as_json: bool) -> None:
    """List models with version, licence and the terms of their training data."""
    shipped, own, trouble = _known(home)
    for card in (*shipped, *own):
        if as_json:
            click.echo(json.dumps(asdict(card), ensure_ascii=False))
        else:
            size = f"{card.path.stat().st_size / 1e6:.1f} MB" if card.path.is_file() else "missing"
            used = f", used in {home} instead of what ships" if card in own else ""
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
    """Compare each model's digest with its card's; ends with 1 when one differs."""
    shipped, own, trouble = _known(home)
    rows = [(card.name, str(card.path), card.intact()) for card in (*shipped, *own)]
    if trouble:
        rows.append(("object-descriptor", trouble, False))
    for name, file, intact in rows:
        if as_json:
            click.echo(json.dumps({"model": name, "file": file, "intact": intact}))
        else:
            click.echo(f"{name:<18} {'intact' if intact else f'DAMAGED OR MISSING: {file}'}")
    sys.exit(DONE if shipped and all(intact for _, _, intact in rows) else FAILED)


def _known(home: Path) -> "tuple[list[ModelCard], list[ModelCard], str]":
    """The cards of what ships, those of a network of objects of one's own, and why the latter cannot be read."""
    from lynkeus.core import CorruptError
    from lynkeus.runtime.cards import cards
    from lynkeus.scan.object_model import own_cards

    try:
        return cards(), own_cards(home), ""
    except CorruptError as error:
        return cards(), [], str(error)


@models.command()
@click.argument("card", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--shipped", is_flag=True, help="The network that ships again.")
@jobs_option
@json_option
@click.pass_obj
def use(home: Path, *, card: Path | None, shipped: bool, jobs: int | None, as_json: bool) -> None:
    """Recognise objects by the network of CARD, as `lynkeus export` wrote it, from now on.

    It is copied into the home, and what is registered is described by it: from its files where they are still the same,
    else from its thumbnails. Cut off, the same command goes on; until it ends the last network answers.

    \b
    lynkeus export runs/own --out models/
    lynkeus models use models/object_descriptor.json
    lynkeus models use --shipped
    """
    from lynkeus.cli.opened import open_home
    from lynkeus.kinds.objects.recogniser import MODEL
    from lynkeus.runtime.cards import card as shipped_card
    from lynkeus.scan.object_change import change
    from lynkeus.scan.object_model import object_card
    from lynkeus.scan.parallel import default_jobs

    if (card is None) == (not shipped):
        raise click.UsageError("name a card, or --shipped")
    wanted = shipped_card(MODEL) if card is None else object_card(card)
    with open_home(home, create=True) as opened:
        done = change(opened, wanted, jobs=jobs or default_jobs(), shown=_shown)
    _tell(wanted, done, as_json=as_json)


@models.command()
@jobs_option
@json_option
@click.pass_obj
def refresh(home: Path, *, jobs: int | None, as_json: bool) -> None:
    """Describe objects anew that another network than the one in use described.

    \b
    lynkeus models refresh
    """
    from lynkeus.cli.opened import open_home
    from lynkeus.scan.object_change import change
    from lynkeus.scan.parallel import default_jobs

    with open_home(home) as opened:
        card = opened.object_model.card
        done = change(opened, card, jobs=jobs or default_jobs(), shown=_shown)
    _tell(card, done, as_json=as_json)


def _shown(items: Iterator[Any], count: int, title: str) -> Iterator[Any]:
    return progress(items, total=count, title=title)


def _tell(card: "ModelCard", done: "Change", *, as_json: bool) -> None:
    """Print what came of a change, and end."""
    if as_json:
        click.echo(json.dumps({"model": card.name, "version": card.version, **asdict(done)}))
    else:
        for name in done.lost:
            click.echo(f"{name}: neither its file nor a thumbnail of it is left", err=True)
        click.echo(
            f"{card.name} {card.version} is {'' if done.in_use else 'not '}in use; "
            f"{done.files:,} references described from their files, {done.thumbnails:,} from thumbnails"
        )
        if done.lost:
            click.echo(
                f"{len(done.lost):,} cannot be described: give their files back where they were registered from (a "
                "relative path counts from this folder), or remove them",
                err=True,
            )
    sys.exit(FAILED if done.lost else DONE)
