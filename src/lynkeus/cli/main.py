"""The command line: one file per command; a command imports heavy modules only when it runs.

``lynkeus --help`` must not import NumPy. A command's file therefore imports only light modules at its top, such as
``click`` and ``lynkeus.cli.options``.
"""

import sys
from pathlib import Path
from typing import Any

import click

from lynkeus import __version__
from lynkeus.cli.background import background
from lynkeus.cli.backup import backup, restore
from lynkeus.cli.compare import compare
from lynkeus.cli.compare_runs import compare_runs
from lynkeus.cli.demo import demo
from lynkeus.cli.embed import embed
from lynkeus.cli.evaluate import evaluate
from lynkeus.cli.export import export
from lynkeus.cli.gallery import gallery
from lynkeus.cli.lab import lab
from lynkeus.cli.models import models
from lynkeus.cli.recipes import recipes
from lynkeus.cli.register import register
from lynkeus.cli.rescan import rescan
from lynkeus.cli.scan import scan
from lynkeus.cli.train import train

MISUSE = 2  # the exit code that click gives for a wrong option


class _Group(click.Group):
    """Print our errors and file errors as one line without a traceback, and end with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from lynkeus.core.errors import LynkeusError  # imports NumPy, which `--help` must not

            if isinstance(error, LynkeusError):
                click.echo(f"lynkeus: {error}", err=True)
            elif isinstance(error, OSError) and error.filename is not None:
                click.echo(f"lynkeus: {error.filename}: {error.strerror}", err=True)
            else:
                raise
            sys.exit(MISUSE)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which users need them."""
        del ctx
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="lynkeus")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="LYNKEUS_HOME",
    default=Path(".lynkeus"),
    show_default="./.lynkeus",
    help="Folder that holds all state; LYNKEUS_HOME sets it, too.",
)
@click.pass_context
def main(ctx: click.Context, home: Path) -> None:
    """Find protected pictures even when somebody has tried to hide them.

    \b
    lynkeus register pictures/ --gallery mine
    lynkeus scan uploads/ --report out.html
    """
    ctx.obj = home


for command in (
    demo,
    register,
    background,
    scan,
    compare,
    gallery,
    rescan,
    backup,
    restore,
    models,
    evaluate,
    embed,
    recipes,
    train,
    export,
    compare_runs,
    lab,
):
    main.add_command(command)
