"""``lynkeus lab``: write pages about runs."""

import sys
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED
from lynkeus.cli.wanted import check_writable


@click.group()
def lab() -> None:
    """Pages about runs of the laboratory.

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
    """Write one page about runs: figures, curves, distances, first hits, heat maps and confusion of classes.

    \b
    lynkeus lab report runs/* --out lab.html
    """
    from lynkeus.cli.laboratory import need_extra, read_runs

    del home
    check_writable("--out", out)
    need_extra()
    from lynkeus.report.laboratory.page import write_page

    runs, damaged = read_runs(folders)
    write_page(out, runs)
    click.echo(str(out))
    sys.exit(FAILED if damaged else DONE)
