"""``lynkeus export``: write a run's model as a file that scans can use."""

import json
import sys
from pathlib import Path

import click

from lynkeus.cli.options import DONE, json_option


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to.  [default: RUN/export]")
@json_option
@click.pass_obj
def export(home: Path, *, run: Path, out: Path | None, as_json: bool) -> None:
    """Write a run's model as ONNX with its card, and check the ONNX file against PyTorch.

    \b
    lynkeus export runs/pull --out models/
    """
    from lynkeus.cli.laboratory import need_extra

    del home
    need_extra()
    from lynkeus.recipes.runs import export_run

    file = export_run(run, out or run / "export")
    click.echo(json.dumps({"run": str(run), "file": str(file)}) if as_json else str(file))
    sys.exit(DONE)
