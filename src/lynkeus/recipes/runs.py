"""Runs: the folder of a run stores the request, so that the folder suffices to resume, evaluate and compare it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lynkeus.core import ConflictError, CorruptError, NotTrainedError
from lynkeus.engine.run import CONFIG, LOG, keep, read_log
from lynkeus.recipes.held_out import digest_of, read_held_out
from lynkeus.recipes.lookup import load_recipe
from lynkeus.recipes.protocol import Places, Recipe
from lynkeus.recipes.settings import change
from lynkeus.report.laboratory.evaluation import load_evaluation
from lynkeus.report.laboratory.summary import RunSummary

FILE = "request.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The request of a run.

    Attributes:
        recipe: Name of the recipe.
        changes: Paths of the changed fields and their texts, in order.
        data: The data root.
        caches: Folder of decoded pictures.
        hold_out: Text file with the paths of held-out pictures, or a benchmark's folder of lists.
        hold_out_sha256: Digest of the held-out paths when the run began.
        precision: Precision of the numbers in training, such as "32-true".
    """

    recipe: str
    changes: tuple[tuple[str, str], ...]
    data: str
    caches: str
    hold_out: str | None = None
    hold_out_sha256: str | None = None
    precision: str = "32-true"


def make_request(
    recipe: str,
    changes: Sequence[tuple[str, str]],
    *,
    data: Path,
    caches: Path,
    hold_out: Path | None,
    precision: str,
) -> Request:
    """Make a request with absolute folders.

    Raises:
        UnknownNameError: No recipe has the name.
        SettingError: A change fits no field.
        UnreadableError: The list of held-out pictures cannot be read.
    """
    chosen(recipe, changes)
    return Request(
        recipe=recipe,
        changes=tuple(changes),
        data=str(data.resolve()),
        caches=str(caches.resolve()),
        hold_out=None if hold_out is None else str(hold_out.resolve()),
        hold_out_sha256=None if hold_out is None else digest_of(hold_out),
        precision=precision,
    )


def chosen(name: str, changes: Sequence[tuple[str, str]]) -> Recipe:
    """The recipe of a name with the changes applied."""
    return change(load_recipe(name), changes)


def begin(request: Request, out: Path) -> tuple[Recipe, Places]:
    """Open a new run or resume a run; gives the recipe and the folders. The run's folder stores the request.

    Raises:
        ConflictError: The folder holds a run of another request, or other files; then nothing changes.
        StorageError: The request cannot be written.
    """
    file = out / FILE
    if file.exists():
        before = read_request(out)
        changed = [name for name, value in asdict(request).items() if asdict(before)[name] != value]
        if changed:
            raise ConflictError(
                f"{out} holds a run of another request: {', '.join(changed)} differ; choose another --out"
            )
    elif out.exists() and any(out.iterdir()):
        raise ConflictError(f"{out} is not empty and holds no run; choose another --out")
    else:
        keep(file, asdict(request))
    return chosen(request.recipe, request.changes), _places(request, out)


def forget_unbegun(out: Path) -> None:
    """Delete the request of a run that failed before its first step, so that another run can use the folder."""
    if (out / CONFIG).exists():
        return
    (out / FILE).unlink(missing_ok=True)
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()


def reopen(out: Path) -> tuple[Recipe, Places]:
    """The recipe and folders of a run.

    Raises:
        NotTrainedError: The folder holds no run.
        ConflictError: The list of held-out pictures is not the one that the run began with.
    """
    request = read_request(out)
    return chosen(request.recipe, request.changes), _places(request, out)


def read_request(out: Path) -> Request:
    """The request of the run in a folder.

    Raises:
        NotTrainedError: The folder holds no run.
        CorruptError: The request cannot be read.
    """
    file = out / FILE
    if not file.exists():
        raise NotTrainedError(f"{out} holds no run: `lynkeus train RECIPE --out {out}` makes one")
    try:
        fields = json.loads(file.read_text())
        fields["changes"] = tuple((path, text) for path, text in fields["changes"])
        return Request(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptError(f"{file} cannot be read: {error}") from error


def export_run(out: Path, target: Path) -> Path:
    """Export a run. The card names the recipe with its changes; its version names the run and the file's digest.

    Raises:
        NotTrainedError: The folder holds no run, or no checkpoint.
        CorruptError: The outputs of ONNX and PyTorch differ.
    """
    recipe, places = reopen(out)
    file = recipe.export(places, target)
    request = read_request(out)
    words = [request.recipe, *(f"--set {path}={text}" for path, text in request.changes)]
    for card in target.glob("*.json"):
        fields = json.loads(card.read_text())
        if (target / fields.get("file", "")).is_file():
            keep(card, fields | {"recipe": " ".join(words), "version": f"{out.name}-{fields['sha256'][:8]}"})
    return file


def summarise(out: Path, *, name: str | None = None) -> RunSummary:
    """The settings and results of a run, for tables, plots and pages.

    A run of two stages keeps the first stage in an inner folder. Its log counts the steps of both stages.

    Args:
        out: Folder of the run.
        name: Name of the run; None takes the folder's name.

    Raises:
        NotTrainedError: The folder holds no run.
        CorruptError: A file of the run cannot be read.
    """
    request = read_request(out)
    config = out / CONFIG
    return RunSummary(
        name=name or out.name,
        recipe=request.recipe,
        changes=dict(request.changes),
        config=_config(config) if config.exists() else {},
        log=tuple(_log(out)),
        evaluation=load_evaluation(out),
    )


def _config(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except ValueError as error:
        raise CorruptError(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise CorruptError(f"{file} cannot be read: it holds no fields")
    return found


def _log(out: Path) -> list[dict[str, float]]:
    """The logged rows of all stages."""
    stages = sorted((file.parent for file in out.glob(f"*/{LOG}")), key=lambda folder: folder.stat().st_ctime)
    rows: list[dict[str, float]] = []
    for folder in (*stages, out):
        done = rows[-1]["step"] if rows else 0.0
        rows += [{**row, "step": done + row["step"]} for row in read_log(folder)]
    return rows


def _places(request: Request, out: Path) -> Places:
    barred: frozenset[str] = frozenset()
    if request.hold_out is not None:
        listed = Path(request.hold_out)
        if digest_of(listed) != request.hold_out_sha256:
            raise ConflictError(f"{listed} has changed since the run began")
        barred = read_held_out(listed)
    return Places(data=Path(request.data), out=out, caches=Path(request.caches), barred=barred)
