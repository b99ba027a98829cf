"""``lynkeus recipes``: list the recipes and show one."""

import json
import sys
from pathlib import Path

import click

from lynkeus.cli.options import DONE, json_option


@click.group()
def recipes() -> None:
    """Recipes: each says what is trained, how, and from which data.

    \b
    lynkeus recipes list
    lynkeus recipes show copies_all
    """


@recipes.command(name="list")
@json_option
@click.pass_obj
def list_recipes(home: Path, *, as_json: bool) -> None:
    """List our recipes and recipes of other packages, each with summary and cost. Needs no extra."""
    del home
    from lynkeus.recipes.described import described
    from lynkeus.recipes.lookup import known

    for name in known():
        about = described(name)
        if as_json:
            click.echo(json.dumps({"recipe": name, **about.lines, "summary": about.summary}))
        else:
            click.echo(f"{name:<26} {about.summary}\n{'':<26} cost: {about.lines['Cost']}")
    sys.exit(DONE)


@recipes.command()
@click.argument("name")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Show the recipe with this change.")
@json_option
@click.pass_obj
def show(home: Path, *, name: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Show a recipe: source, expected figures, cost, command, and each field with its value.

    The fields need the extra lynkeus[train].

    \b
    lynkeus recipes show copies_all --set seed=2
    """
    from lynkeus.cli.laboratory import need_extra
    from lynkeus.core import MissingExtraError
    from lynkeus.recipes.described import described, flat

    del home
    about = described(name)
    words = {"recipe": name, "summary": about.summary, **about.lines}
    try:
        need_extra()
    except MissingExtraError:  # only the fields need the extra; the rest is still shown
        click.echo(json.dumps(words) if as_json else about.text.strip())
        raise
    from lynkeus.recipes.runs import chosen
    from lynkeus.recipes.settings import split_setting

    values = flat(chosen(name, tuple(map(split_setting, settings))))
    if as_json:
        click.echo(json.dumps({**words, "fields": values}, default=str))
    else:
        click.echo(f"{about.text.strip()}\n")
        for path, value in values.items():
            click.echo(f"{path} = {value!r}")
    sys.exit(DONE)
