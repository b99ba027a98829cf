"""``lynkeus models``: what ships, under which terms, whether it is intact, and which network of objects is in use."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lynkeus.cli.options import DONE, FAILED, jobs_option, json_option, progress

if TYPE_CHECKING:
    from lynkeus.runtime.cards import ModelCard


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
    from lynkeus.runtime.cards import cards
    from lynkeus.scan.object_model import own_card

    own = own_card(home)
    known = [*cards(), *([] if own is None else [own])]
    for card in known:
        if as_json:
            click.echo(json.dumps(asdict(card), ensure_ascii=False))
        else:
            size = f"{card.path.stat().st_size / 1e6:.1f} MB" if card.path.is_file() else "missing"
            used = f", used in {home} instead of the one that ships" if card is own else ""
            click.echo(
                f"{card.name:<18} {card.version:<22} {size:>8}  {card.licence}, trained on {card.terms} data{used}"
            )
    sys.exit(DONE if known else FAILED)


@models.command()
@json_option
@click.pass_obj
def verify(home: Path, *, as_json: bool) -> None:
    """Compare each model's digest with its card's; ends with 1 when one differs."""
    from lynkeus.runtime.cards import cards
    from lynkeus.scan.object_model import own_card

    own = own_card(home)
    known = [*cards(), *([] if own is None else [own])]
    damaged = 0
    for card in known:
        intact = card.intact()
        damaged += not intact
        if as_json:
            click.echo(json.dumps({"model": card.name, "file": str(card.path), "intact": intact}))
        else:
            click.echo(f"{card.name:<18} {'intact' if intact else f'DAMAGED OR MISSING: {card.path}'}")
    sys.exit(DONE if known and not damaged else FAILED)


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
    from lynkeus.recognisers.objects import MODEL
    from lynkeus.runtime.cards import card as shipped_card
    from lynkeus.scan.object_model import object_card

    if (card is None) == (not shipped):
        raise click.UsageError("name a card, or --shipped")
    _change(home, shipped_card(MODEL) if card is None else object_card(card), jobs=jobs, as_json=as_json)


@models.command()
@jobs_option
@json_option
@click.pass_obj
def refresh(home: Path, *, jobs: int | None, as_json: bool) -> None:
    """Describe objects anew that another network than the one in use described.

    \b
    lynkeus models refresh
    """
    from lynkeus.scan.object_model import ObjectModel

    _change(home, ObjectModel.of(home).card, jobs=jobs, as_json=as_json)


def _change(home: Path, card: "ModelCard", *, jobs: int | None, as_json: bool) -> None:
    from lynkeus.cli.opened import open_home
    from lynkeus.scan.object_change import change
    from lynkeus.scan.parallel import default_jobs

    with open_home(home, create=True) as opened:
        done = change(
            opened,
            card,
            jobs=jobs or default_jobs(),
            shown=lambda items, count, title: progress(items, total=count, title=title),
        )
    if as_json:
        click.echo(json.dumps({"model": card.name, "version": card.version, "in_use": not done.lost, **asdict(done)}))
    else:
        for name in done.lost:
            click.echo(f"{name}: neither its file nor a thumbnail of it is left", err=True)
        click.echo(
            f"{len(done.lost):,} references cannot be described: give their files back or remove them; nothing changed"
            if done.lost
            else f"{card.name} {card.version} is in use; {done.files:,} references described from their files, "
            f"{done.thumbnails:,} from thumbnails"
        )
    sys.exit(FAILED if done.lost else DONE)
