"""What the commands of the laboratory share: the check for their extra, and their work."""

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

_COMMA = re.compile(r",(?![^\[]*\])")  # but those inside brackets
CURVES, HISTOGRAMS = "curves.png", "distances.png"


def need_extra() -> None:
    """Do nothing where the laboratory's libraries are installed.

    Raises:
        MissingExtraError: They are not.
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
    """Every combination of ``FIELD=A,B,C`` settings, as changes of a recipe; one empty combination for none."""
    from lynkeus.recipes.settings import split_setting

    axes = [[(path, one) for one in _COMMA.split(text)] for path, text in map(split_setting, settings)]
    yield from itertools.product(*axes)


def folder_of(combination: Sequence[tuple[str, str]]) -> str:
    """Name of a run's folder inside a sweep."""
    return ",".join(f"{path}={text}" for path, text in combination).replace("/", "_")


def train_one(fabric: "Fabric", request: "Request", out: Path, *, stop_after: int | None, evaluate: bool) -> bool:
    """Train, or go on, and evaluate; whether the run came to its end.

    Raises:
        LynkeusError: As the recipe says.
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
    """Evaluate a run and keep what was found in its folder."""
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
    """Draw what a run logged."""
    from lynkeus.recipes.runs import summarise
    from lynkeus.report.laboratory.plots import curves

    summary = summarise(out)
    (out / CURVES).write_bytes(curves({summary.name: summary.log}))


def show(found: "Evaluation", *, as_json: bool, run: Path) -> None:
    """Print figures, and what the recipe says of them."""
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
    """What a recipe says that it reaches; None where it says nothing or is no longer there."""
    from lynkeus.core import UnknownNameError
    from lynkeus.recipes.described import NOT_SAID, described

    try:
        said = described(recipe).lines["Expected"]
    except UnknownNameError:
        return None
    return None if said == NOT_SAID else said


def expected_in_words(recipe: str, *, changed: bool) -> str:
    """The line beneath figures.

    Args:
        recipe: Its name.
        changed: Whether settings of the recipe were changed.
    """
    unchanged = " without changes" if changed else ""
    return f"expected of {recipe}{unchanged}: {expected_of(recipe) or 'not said'}"


def runs_in(folders: Sequence[Path]) -> list[Path]:
    """The runs among some folders and in them; sweeps hold several.

    Raises:
        ConflictError: There is none.
    """
    from lynkeus.core import ConflictError
    from lynkeus.recipes.runs import FILE

    found = [run for folder in folders for run in ([folder] if (folder / FILE).exists() else _inside(folder))]
    if not found:
        raise ConflictError(f"no run in {', '.join(map(str, folders))}: `lynkeus train RECIPE --out RUN` makes one")
    return list(dict.fromkeys(found))


def quiet_threads() -> None:
    """OpenCV leaves the cores to PyTorch."""
    import cv2

    cv2.setNumThreads(1)


def read_runs(folders: Sequence[Path]) -> "tuple[list[RunSummary], int]":
    """The runs among some folders and in them, and how many could not be read; these are named.

    Raises:
        ConflictError: There is none.
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
    """What runs are called: their folders' names, or their paths where two have one name."""
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _inside(folder: Path) -> list[Path]:
    from lynkeus.recipes.runs import FILE

    return [file.parent for file in sorted(folder.glob(f"*/{FILE}"))]
