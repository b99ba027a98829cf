"""Options and exit codes that several commands share, and the progress bar. Imports nothing heavy."""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from lynkeus.cli.wanted import Wanted

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Item = TypeVar("_Item")

DONE, FAILED = 0, 1
"""Exit codes of all commands except scans; ``docs/reference/commands.md`` lists them."""

FOUND, SOME_UNREADABLE = 1, 3
"""Exit codes of a scan."""


def command_line() -> str:
    """The command line of this process, quoted for a shell."""
    return shlex.join(["lynkeus", *sys.argv[1:]])


def jobs_option(command: _Command) -> _Command:
    """``--jobs``: how many pictures are processed at once."""
    return click.option(
        "--jobs", type=click.IntRange(1, 256), default=None, help="Pictures at once.  [default: number of processors]"
    )(command)


def json_option(command: _Command) -> _Command:
    """``--json``: machine-readable output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--report``, ``--json``, ``--csv`` and ``--isc``, given to the command as ``wanted``."""
    path = click.Path(path_type=Path)

    @click.option(
        "--report", type=path, help="Write an HTML report. In this and the next three options, - prints the file."
    )
    @click.option("--json", "json_file", type=path, help="Write JSON lines.")
    @click.option("--csv", "csv_file", type=path, help="Write a table with one row per finding.")
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
    """Pass the items on and show a progress bar on standard error, if it is a terminal."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit=f" {unit}", desc=title or None, disable=None, leave=False)
