"""Open a home for a command and bring its calibrations up to date. Commands import this heavy module when they run."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click

from lynkeus.cli.options import progress
from lynkeus.core import UnknownNameError, UnreadableError
from lynkeus.core.folders import Entry, walk
from lynkeus.core.name_lists import read_names
from lynkeus.core.parallel import default_jobs
from lynkeus.scan.calibrate import judge_of
from lynkeus.scan.home import CATALOG, Home
from lynkeus.scan.judge import Judge


def open_home(folder: Path, *, create: bool = False) -> Home:
    """The home in a folder.

    Raises:
        UnknownNameError: There is no home and ``create`` is False.
    """
    if not create and not (folder / CATALOG).exists():
        raise UnknownNameError(
            f"nothing is registered in {folder}: start with `lynkeus register FOLDER --gallery NAME`"
        )
    return Home(folder, create=create)


def calibrated(home: Home, galleries: Collection[str] = (), *, jobs: int | None) -> Judge:
    """Bring the calibrations up to date behind a progress bar; warn of each policy that is not in force.

    Args:
        home: Whose.
        galleries: Names of the galleries that count; empty means all.
        jobs: Threads; None: one for each processor.

    Raises:
        UnknownNameError: There is no such gallery.
    """

    def shown(scores: Iterator[Any], count: int, title: str) -> Iterator[Any]:
        return progress(scores, total=count, title=f"calibrating {title}")

    judge = judge_of(home, galleries, jobs=jobs or default_jobs(), shown=shown)
    for warning in judge.warnings():
        click.echo(f"warning: {warning}", err=True)
    return judge


def picture_entries(paths: tuple[Path, ...]) -> tuple[list[Entry], dict[str, str]]:
    """The pictures that files, folders and csv files (columns path and name) name, and the names in the csv files.

    Raises:
        UnreadableError: A csv file lacks a column or is not csv text, or a path has two names.
    """
    names: dict[str, str] = {}
    sources: list[Path] = []
    for path in paths:
        if path.suffix.lower() == ".csv" and path.is_file():
            listed, named = read_names(path)
            sources += listed
            for picture, name in named.items():
                if names.setdefault(picture, name) != name:
                    raise UnreadableError(f"{picture} has two names, {names[picture]} and {name}")
        else:
            sources.append(path)
    return list(walk(sources)), names
