"""An opened home for a command, with its calibrations up to date; heavy, so that commands import it when they run."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lynkeus.catalog import BackgroundScore
from lynkeus.cli.options import progress
from lynkeus.core import UnknownNameError, UnreadableError
from lynkeus.core.folders import Entry, walk
from lynkeus.scan.calibrate import judge_of
from lynkeus.scan.home import CATALOG, Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.parallel import default_jobs
from lynkeus.scan.register import read_names


def open_home(folder: Path, *, create: bool = False) -> Home:
    """The home in a folder.

    Raises:
        UnknownNameError: There is none and ``create`` is False.
    """
    if not create and not (folder / CATALOG).exists():
        raise UnknownNameError(
            f"nothing is registered in {folder}: start with `lynkeus register FOLDER --gallery NAME`"
        )
    return Home(folder, create=create)


@contextmanager
def home_or_trial(folder: Path, *, trial: bool) -> Generator[Home]:
    """The home in a folder, made when missing; for a trial a missing one is made elsewhere and thrown away."""
    if trial and not (folder / CATALOG).exists():
        with tempfile.TemporaryDirectory(prefix="lynkeus-") as away, Home(Path(away)) as opened:
            yield opened
    else:
        with Home(folder) as opened:
            yield opened


def calibrated(home: Home, *, jobs: int | None) -> Judge:
    """Policies and calibrations, brought up to date with a progress bar; what is not in force is said."""

    def shown(scores: Iterator[BackgroundScore], count: int, gallery: str) -> Iterator[BackgroundScore]:
        return progress(scores, total=count, title=f"calibrating {gallery}")

    judge = judge_of(home, jobs=jobs or default_jobs(), shown=shown)
    for warning in judge.warnings():
        click.echo(f"warning: {warning}", err=True)
    return judge


def picture_entries(paths: tuple[Path, ...]) -> tuple[list[Entry], dict[str, str]]:
    """What files, folders and csv files (columns path and name) stand for, and the names from the csv files.

    Raises:
        UnreadableError: A csv file lacks a column or is no csv text, or a path has two names.
    """
    names: dict[str, str] = {}
    sources: list[Path] = []
    for path in paths:
        if path.suffix.lower() == ".csv" and path.is_file():
            listed, named = read_names(path)
            sources += listed
            for called, name in named.items():
                if names.setdefault(called, name) != name:
                    raise UnreadableError(f"{called} has two names, {names[called]} and {name}")
        else:
            sources.append(path)
    return list(walk(sources)), names
