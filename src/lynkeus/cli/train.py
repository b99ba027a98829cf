"""``lynkeus train``: train a recipe, as one run or a grid of runs."""

import sys
from pathlib import Path
from typing import Any, cast

import click

from lynkeus.cli.options import DONE, FAILED, json_option


@click.command()
@click.argument("recipe")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the run; resumes an unfinished run."
)
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="Root of the data."
)
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Change a field of the recipe.")
@click.option("--grid", "grids", multiple=True, metavar="FIELD=A,B,C", help="Train one run per value, in OUT.")
@click.option("--hold-out", type=click.Path(path_type=Path, exists=True), help="List of pictures that must not train.")
@click.option("--caches", type=click.Path(path_type=Path), help="Folder for decoded pictures.  [default: beside OUT]")
@click.option("--accelerator", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--devices", type=click.IntRange(1), default=1, show_default=True, help="Processes on this machine.")
@click.option(
    "--precision",
    type=click.Choice(["32-true", "bf16-mixed", "16-mixed", "bf16-true"]),
    default="32-true",
    show_default=True,
)
@click.option("--stop-after", type=click.IntRange(0), help="Stop at this step, as if interrupted.")
@click.option("--eval/--no-eval", "evaluated", default=True, help="Evaluate at the end.")
@json_option
@click.pass_obj
def train(
    home: Path,
    *,
    recipe: str,
    out: Path,
    data: Path,
    settings: tuple[str, ...],
    grids: tuple[str, ...],
    hold_out: Path | None,
    caches: Path | None,
    accelerator: str,
    devices: int,
    precision: str,
    stop_after: int | None,
    evaluated: bool,
    as_json: bool,
) -> None:
    """Train RECIPE and evaluate the result.

    The same command resumes an interrupted run. For several processes or machines, put
    `torchrun --nproc-per-node 2 -m` in front of the same command.

    \b
    lynkeus recipes list
    lynkeus train deepfirearm --data data/ --set loss.pull=0.7 --out runs/pull
    lynkeus train deepfirearm --data data/ --grid loss.pull=0.6,0.7,0.8 --grid seed=0,1,2 --out runs/pulls
    """
    from lynkeus.cli.laboratory import folder_of, grid, need_extra, quiet_threads, show, train_one
    from lynkeus.core import LynkeusError

    del home
    need_extra()
    from lynkeus.engine.launch import make_fabric
    from lynkeus.recipes.runs import make_request
    from lynkeus.recipes.settings import split_setting
    from lynkeus.report.laboratory.evaluation import load_evaluation

    quiet_threads()
    fixed = tuple(map(split_setting, settings))
    kept = caches or out.parent / "caches"
    wanted = {
        out / folder_of(combination): make_request(
            recipe, (*fixed, *combination), data=data, caches=kept, hold_out=hold_out, precision=precision
        )
        for combination in grid(grids)
    }
    fabric = make_fabric(accelerator=accelerator, devices=devices, precision=cast("Any", precision))
    failed = 0
    for run, request in wanted.items():
        try:
            ended = train_one(fabric, request, run, stop_after=stop_after, evaluate=evaluated)
        except KeyboardInterrupt:
            click.echo(f"lynkeus: {run.name}: stopped and saved; the same command resumes", err=True)
            sys.exit(FAILED)
        except (LynkeusError, OSError) as error:
            if len(wanted) == 1:
                raise
            failed += 1
            click.echo(f"lynkeus: {run.name}: {error}", err=True)
            continue
        if stop_after is not None and fabric.is_global_zero:
            click.echo(
                f"lynkeus: {run.name}: stopped at step {stop_after} at the latest; the same command resumes", err=True
            )
        found = load_evaluation(run) if ended else None
        if len(wanted) > 1 and not as_json and fabric.is_global_zero:
            click.echo(run.name)
        if found is not None:
            show(found, as_json=as_json, run=run)
    if fabric.is_global_zero and not as_json:
        click.echo(f"{out}: {len(wanted) - failed} of {len(wanted)} runs", err=True)
    sys.exit(FAILED if failed else DONE)
