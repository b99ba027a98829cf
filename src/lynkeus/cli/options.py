"""Options that several commands share, and how they open a home."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lynkeus.cli.outputs import Wanted

if TYPE_CHECKING:
    from lynkeus.catalog import BackgroundScore
    from lynkeus.core.folders import Entry
    from lynkeus.scan.home import Home
    from lynkeus.scan.judge import Judge

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Item = TypeVar("_Item")

DONE, FAILED = 0, 1


def open_home(folder: Path, *, create: bool = False) -> "Home":
    """The home in a folder.

    Raises:
        UnknownNameError: There is none and ``create`` is False.
    """
    from lynkeus.core.errors import UnknownNameError
    from lynkeus.scan.home import CATALOG, Home

    if not create and not (folder / CATALOG).exists():
        raise UnknownNameError(
            f"nothing is registered in {folder}: start with `lynkeus register FOLDER --gallery NAME`"
        )
    return Home(folder, create=create)


def calibrated(home: "Home", *, jobs: int | None) -> "Judge":
    """Policies and calibrations, brought up to date with a progress bar; what is not in force is said."""
    from lynkeus.scan.calibrate import judge_of
    from lynkeus.scan.parallel import default_jobs

    def shown(scores: "Iterator[BackgroundScore]", count: int, gallery: str) -> "Iterator[BackgroundScore]":
        return progress(scores, total=count, title=f"calibrating {gallery}")

    judge = judge_of(home, jobs=jobs or default_jobs(), shown=shown)
    for warning in judge.warnings():
        click.echo(f"warning: {warning}", err=True)
    return judge


def picture_entries(paths: tuple[Path, ...]) -> "tuple[list[Entry], dict[str, str]]":
    """What files, folders and csv files (columns path and name) stand for, and the names from the csv files.

    Raises:
        UnreadableError: A csv file lacks a column or is no csv text.
    """
    from lynkeus.core.folders import walk
    from lynkeus.scan.register import read_names

    names: dict[str, str] = {}
    sources: list[Path] = []
    for path in paths:
        if path.suffix.lower() == ".csv" and path.is_file():
            listed, named = read_names(path)
            sources += listed
            names |= named
        else:
            sources.append(path)
    return list(walk(sources)), names


def command_line() -> str:
    """The command that is running, as it could be typed again."""
    return shlex.join(["lynkeus", *sys.argv[1:]])


def jobs_option(command: _Command) -> _Command:
    """``--jobs``: how many pictures are worked on at once."""
    return click.option(
        "--jobs", type=click.IntRange(1, 256), default=None, help="Pictures at once.  [default: processors]"
    )(command)


def json_option(command: _Command) -> _Command:
    """``--json``: machine-readable output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--report``, ``--json``, ``--csv`` and ``--isc``, given to the command as ``wanted``."""
    path = click.Path(path_type=Path)

    @click.option("--report", type=path, help="Write a report to look at (HTML).")
    @click.option("--json", "json_file", type=path, help="Write JSON lines; - prints them.")
    @click.option("--csv", "csv_file", type=path, help="Write a table, one row a finding.")
    @click.option("--isc", "isc_file", type=path, help="Write every candidate pair, for evaluation.")
    @wraps(command)
    def with_outputs(
        *args: Any,
        report: Path | None,
        json_file: Path | None,
        csv_file: Path | None,
        isc_file: Path | None,
        **options: Any,
    ) -> Any:
        wanted = Wanted(report=report, json_file=json_file, csv_file=csv_file, isc_file=isc_file)
        return command(*args, wanted=wanted, **options)

    return with_outputs


def progress(items: Iterable[_Item], *, total: int | None, unit: str = "picture", title: str = "") -> Iterator[_Item]:
    """Show a progress bar on a terminal's standard error stream while items pass."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit=f" {unit}", desc=title or None, disable=None, leave=False)
