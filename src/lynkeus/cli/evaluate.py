"""``lynkeus eval``: measure quality on the user's own pictures and on runs."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lynkeus.cli.options import DONE, jobs_option, json_option
from lynkeus.cli.wanted import check_writable


class _RunsToo(click.Group):
    """A group of commands; a first word that names no command is the folder of a run."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; ``run`` when the word names no command."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            return "run", self.commands["run"], args
        return super().resolve_command(ctx, args)


@click.group(name="eval", cls=_RunsToo)
def evaluate() -> None:
    """Measure quality.

    \b
    lynkeus eval copies --queries Q --references R --truth truth.csv
    lynkeus eval runs/pull
    """


@evaluate.command()
@click.argument("folders", metavar="RUNS...", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def run(home: Path, *, folders: tuple[Path, ...], as_json: bool) -> None:
    """Evaluate runs of the laboratory by their last checkpoints; also as lynkeus eval RUN.

    Figures, sheets and plots are kept in each run's folder.

    \b
    lynkeus eval runs/pull
    """
    from lynkeus.cli.laboratory import evaluate_one, need_extra, quiet_threads, runs_in, show

    del home
    need_extra()
    quiet_threads()
    for folder in runs_in(folders):
        show(evaluate_one(folder), as_json=as_json, run=folder)
    sys.exit(DONE)


@evaluate.command()
@click.option("--queries", type=click.Path(path_type=Path, exists=True), help="Folder of queries.")
@click.option("--references", type=click.Path(path_type=Path, exists=True), help="Folder of references, or csv.")
@click.option("--predictions", type=click.Path(path_type=Path, exists=True), help="Evaluate these pairs; scan nothing.")
@click.option(
    "--truth", "truth_file", type=click.Path(path_type=Path, exists=True), required=True, help="Csv of true pairs."
)
@click.option(
    "--disguises",
    "disguises_file",
    type=click.Path(path_type=Path, exists=True),
    help="Csv with the disguise of each query.",
)
@click.option("--isc", "isc_file", type=click.Path(path_type=Path), help="Also write the predicted pairs.")
@jobs_option
@json_option
@click.pass_obj
def copies(
    home: Path,
    *,
    queries: Path | None,
    references: Path | None,
    predictions: Path | None,
    truth_file: Path,
    disguises_file: Path | None,
    isc_file: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Register references and scan queries in a temporary home; print micro-AP and recalls.

    The truth has the columns query_id and reference_id (empty for a query without a true pair). The file of
    disguises has the columns query_id and disguise. An id is a file name without its extension.

    \b
    lynkeus eval copies --queries Q --references R --truth truth.csv --isc pairs.csv
    lynkeus eval copies --predictions pairs.csv --truth truth.csv
    """
    from lynkeus.cli.evaluating import predict, table
    from lynkeus.report import read_isc
    from lynkeus.report.pair_figures import figures, read_disguises, read_truth

    del home
    check_writable("--isc", isc_file)
    truth = read_truth(truth_file)
    disguises = None if disguises_file is None else read_disguises(disguises_file)
    if predictions is not None:
        pairs = read_isc(predictions)
    elif queries is not None and references is not None:
        pairs = predict(queries, references, isc_file, jobs)
    else:
        raise click.UsageError("give --queries and --references, or --predictions")
    reached = figures(pairs, truth, disguises)
    click.echo(json.dumps(asdict(reached)) if as_json else table(reached))
    sys.exit(DONE)
