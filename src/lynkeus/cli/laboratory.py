"""Functions that the commands of the laboratory share, and the check for the extra ``lynkeus[train]``."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from lynkeus.recipes.runs import Request
    from lynkeus.report.laboratory.evaluation import Evaluation
    from lynkeus.report.laboratory.summary import RunSummary

_COMMA = re.compile(r",(?![^\[]*\])")  # a comma outside of brackets, since a list such as [1, 2] is one value
CURVES, HISTOGRAMS = "curves.png", "distances.png"


def need_extra() -> None:
    """Check that the laboratory's libraries are installed.

    Raises:
        MissingExtraError: A library is missing.
    """
    try:
        import lightning_fabric
        import onnx
        import tensorboardX
        import torch
    except ImportError as error:
        from lynkeus.core import MissingExtraError

        raise MissingExtraError(f"the laboratory needs {error.name}: pip install 'lynkeus[train]'") from error
    del lightning_fabric, onnx, tensorboardX, torch


def grid(settings: Sequence[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every combination of ``FIELD=A,B,C`` settings, as changes of a recipe; no settings give one empty combination."""
    from lynkeus.recipes.settings import split_setting

    axes = [[(path, one) for one in _COMMA.split(text)] for path, text in map(split_setting, settings)]
    yield from itertools.product(*axes)


def folder_of(combination: Sequence[tuple[str, str]]) -> str:
    """Name of a run's folder inside a sweep."""
    return ",".join(f"{path}={text}" for path, text in combination).replace("/", "_")


def train_one(fabric: "Fabric", request: "Request", out: Path, *, stop_after: int | None, evaluate: bool) -> bool:
    """Train or resume a run, and evaluate the run. Gives whether the run is complete.

    Raises:
        LynkeusError: The recipe's ``train`` or ``evaluate`` fails.
    """
    from lynkeus.recipes.runs import begin, forget_unbegun

    recipe, places = begin(request, out)
    try:
        recipe.train(places, fabric, stop_after=stop_after)
    except BaseException:
        forget_unbegun(out)
        raise
    if stop_after is not None or not fabric.is_global_zero:
        return False
    draw_curves(out)
    if evaluate:
        evaluate_one(out)
    return True


def evaluate_one(out: Path) -> "Evaluation":
    """Evaluate a run and keep the evaluation in the run's folder."""
    from lynkeus.recipes.runs import reopen
    from lynkeus.report.laboratory.evaluation import save_evaluation
    from lynkeus.report.laboratory.plots import histograms

    recipe, places = reopen(out)
    found = recipe.evaluate(places)
    save_evaluation(found, out)
    if found.histograms:
        (out / HISTOGRAMS).write_bytes(histograms(found.histograms))
    return found


def draw_curves(out: Path) -> None:
    """Draw the logged curves of a run."""
    from lynkeus.recipes.runs import summarise
    from lynkeus.report.laboratory.plots import curves

    summary = summarise(out)
    (out / CURVES).write_bytes(curves({summary.name: summary.log}))


def show(found: "Evaluation", *, as_json: bool, run: Path) -> None:
    """Print the figures, and the figures that the recipe expects."""
    from lynkeus.recipes.runs import read_request

    request = read_request(run)
    if as_json:
        told = {"run": str(run), "figures": dict(found.figures), "expected": expected_of(request.recipe)}
        click.echo(json.dumps(told))
        return
    for name, value in found.figures.items():
        click.echo(f"{name:<28} {value:.4g}")
    click.echo(expected_in_words(request.recipe, changed=bool(request.changes)))


def expected_of(recipe: str) -> str | None:
    """The figures that a recipe expects; None when the recipe states none or is missing."""
    from lynkeus.core import UnknownNameError
    from lynkeus.recipes.described import NOT_SAID, described

    try:
        said = described(recipe).lines["Expected"]
    except UnknownNameError:
        return None
    return None if said == NOT_SAID else said


def expected_in_words(recipe: str, *, changed: bool) -> str:
    """The line below the figures: the figures that the recipe expects.

    Args:
        recipe: Name of the recipe.
        changed: Whether fields of the recipe were changed.
    """
    unchanged = " without changes" if changed else ""
    return f"expected of {recipe}{unchanged}: {expected_of(recipe) or 'not said'}"


def runs_in(folders: Sequence[Path]) -> list[Path]:
    """The runs in the folders: a folder is a run, or holds runs, as a sweep does.

    Raises:
        ConflictError: No folder holds a run.
    """
    from lynkeus.core import ConflictError
    from lynkeus.recipes.runs import FILE

    found = [run for folder in folders for run in ([folder] if (folder / FILE).exists() else _inside(folder))]
    if not found:
        raise ConflictError(f"no run in {', '.join(map(str, folders))}: `lynkeus train RECIPE --out RUN` makes one")
    return list(dict.fromkeys(found))


def quiet_threads() -> None:
    """Limit OpenCV to one thread, so that PyTorch has the cores."""
    import cv2

    cv2.setNumThreads(1)


def read_runs(folders: Sequence[Path]) -> "tuple[list[RunSummary], int]":
    """The runs in the folders, and the number of unreadable runs. Unreadable runs are named on standard error.

    Raises:
        ConflictError: No folder holds a run.
    """
    from lynkeus.core import LynkeusError
    from lynkeus.recipes.runs import summarise

    found = runs_in(folders)
    read: list[RunSummary] = []
    for run, name in zip(found, _names(found), strict=True):
        try:
            read.append(summarise(run, name=name))
        except LynkeusError as error:
            click.echo(f"lynkeus: {error}", err=True)
    return read, len(found) - len(read)


def _names(runs: Sequence[Path]) -> list[str]:
    """The names of the runs: the names of their folders, or their paths when two folders share a name."""
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _inside(folder: Path) -> list[Path]:
    from lynkeus.recipes.runs import FILE

    return [file.parent for file in sorted(folder.glob(f"*/{FILE}"))]
