"""``lynkeus models``: what is shipped, under which terms, and whether it is intact."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, json_option


@click.group()
def models() -> None:
    """Models that lynkeus ships.

    \b
    lynkeus models list
    lynkeus models verify
    """


@models.command(name="list")
@json_option
@click.pass_obj
def list_models(home: Path, *, as_json: bool) -> None:
    """List models with version, licence and the terms of their training data."""
    from lynkeus.runtime.cards import cards

    del home
    known = cards()
    for card in known:
        if as_json:
            click.echo(json.dumps(asdict(card), ensure_ascii=False))
        else:
            size = f"{card.path.stat().st_size / 1e6:.1f} MB" if card.path.is_file() else "missing"
            click.echo(f"{card.name:<18} {card.version:<22} {size:>8}  {card.licence}, trained on {card.terms} data")
    sys.exit(DONE if known else FAILED)


@models.command()
@json_option
@click.pass_obj
def verify(home: Path, *, as_json: bool) -> None:
    """Compare each model's digest with its card's; ends with 1 when one differs."""
    from lynkeus.runtime.cards import cards

    del home
    known = cards()
    damaged = 0
    for card in known:
        intact = card.intact()
        damaged += not intact
        if as_json:
            click.echo(json.dumps({"model": card.name, "file": str(card.path), "intact": intact}))
        else:
            click.echo(f"{card.name:<18} {'intact' if intact else f'DAMAGED OR MISSING: {card.path}'}")
    sys.exit(DONE if known and not damaged else FAILED)
