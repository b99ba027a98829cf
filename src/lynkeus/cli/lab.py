"""``lynkeus lab``: pages for people about runs."""

import sys
from pathlib import Path

import click

from lynkeus.cli.options import DONE
from lynkeus.cli.wanted import check_writable


@click.group()
def lab() -> None:
    """The laboratory, to look at.

    \b
    lynkeus lab report runs/* --out lab.html
    """


@lab.command()
@click.argument("folders", metavar="RUNS...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("lab.html"), show_default=True, help="File to write."
)
@click.pass_obj
def report(home: Path, *, folders: tuple[Path, ...], out: Path) -> None:
    """Write one page about runs: figures, curves, distances, what was found first, heat maps, confusion of classes.

    \b
    lynkeus lab report runs/* --out lab.html
    """
    from lynkeus.cli.laboratory import need_extra, runs_in

    del home
    check_writable("--out", out)
    need_extra()
    from lynkeus.recipes.runs import summarise
    from lynkeus.report.laboratory.page import write_page

    write_page(out, [summarise(folder) for folder in runs_in(folders)])
    click.echo(str(out))
    sys.exit(DONE)
