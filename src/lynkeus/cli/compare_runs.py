"""``lynkeus compare-runs``: compare runs in one table and one plot."""

import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, json_option
from lynkeus.cli.wanted import check_writable


@click.command(name="compare-runs")
@click.argument("folders", metavar="RUNS...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the curves (PNG).")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write the table.")
@json_option
@click.pass_obj
def compare_runs(
    home: Path, *, folders: tuple[Path, ...], plot: Path | None, csv_file: Path | None, as_json: bool
) -> None:
    """Compare runs: their changed fields and their figures. Several seeds also get mean and standard deviation.

    A folder of runs, such as a folder that --grid made, stands for all its runs.

    \b
    lynkeus compare-runs runs/pulls --plot pulls.png
    """
    from lynkeus.cli.laboratory import expected_in_words, need_extra, read_runs

    del home
    check_writable("--plot", plot)
    check_writable("--csv", csv_file)
    need_extra()
    from lynkeus.report.laboratory.plots import curves
    from lynkeus.report.laboratory.summary import compare, figures_of, table

    runs, damaged = read_runs(folders)
    rows = compare(runs)
    if plot is not None:
        plot.write_bytes(curves({run.name: run.log for run in runs}))
    if csv_file is not None:
        names = figures_of(rows)
        with csv_file.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["run", "recipe", "changes", "seeds", "steps", *names, *(f"{name} sd" for name in names)])
            for row in rows:
                figures = [part.get(name, "") for part in (row.values, row.spread) for name in names]
                changes = " ".join(f"{path}={text}" for path, text in row.changes.items())
                writer.writerow([row.name, row.recipe, changes, row.seeds, row.steps, *figures])
    if as_json:
        for row in rows:
            click.echo(json.dumps(asdict(row)))
    else:
        click.echo(table(rows))
        for recipe in dict.fromkeys(row.recipe for row in rows):
            click.echo(expected_in_words(recipe, changed=any(run.changes for run in runs if run.recipe == recipe)))
    sys.exit(FAILED if damaged else DONE)
