"""Compare runs: their changed fields and their figures, with means over seeds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lynkeus.report.laboratory.evaluation import Evaluation

SEED = "seed"  # the recipes' field for the seed


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RunSummary:
    """The settings and results of a run.

    Attributes:
        name: Name of the run's folder.
        recipe: Name of the recipe.
        changes: Paths of the changed fields of the recipe, and their texts.
        config: All fields with their resolved values, as the run stored them.
        log: The logged rows; a row maps names, ``step`` among them, to numbers.
        evaluation: The evaluation; None before the run is evaluated.
    """

    name: str
    recipe: str
    changes: Mapping[str, str]
    config: Mapping[str, Any]
    log: tuple[Mapping[str, float], ...]
    evaluation: Evaluation | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of a comparison: one run, or several runs that differ only in the seed.

    Attributes:
        name: Name of the run, or the common part of several names.
        recipe: Name of the recipe.
        changes: The changes that differ between the compared runs.
        seeds: Number of runs in this line.
        steps: Steps done; the minimum over several runs.
        values: Figures; the means over several runs.
        spread: Standard deviations (n - 1) over several runs; empty for one run.
    """

    name: str
    recipe: str
    changes: Mapping[str, str]
    seeds: int
    steps: int
    values: Mapping[str, float]
    spread: Mapping[str, float]


def compare(runs: Sequence[RunSummary]) -> list[Row]:
    """One line per run, then one line per group of runs that differ only in the seed.

    When two runs of a group have one seed, the last run counts.
    """
    rows = [_row(run.name, [run], runs) for run in runs]
    groups: dict[str, list[RunSummary]] = {}
    for run in runs:
        alike = {path: value for path, value in run.config.items() if path != SEED}
        groups.setdefault(json.dumps([run.recipe, alike], sort_keys=True), []).append(run)
    seeds = [{repr(run.config.get(SEED)): run for run in group} for group in groups.values()]
    many = [list(group.values()) for group in seeds if len(group) > 1]
    return rows + [_row(f"mean of {len(group)} seeds", group, runs) for group in many]


def figures_of(rows: Sequence[Row]) -> list[str]:
    """The names of all figures, in the order of their first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def table(rows: Sequence[Row]) -> str:
    """A comparison as text with aligned columns."""
    names = figures_of(rows)
    changed = list(dict.fromkeys(path for row in rows for path in row.changes))
    head = ["run", "recipe", *changed, "steps", *names]
    lines = [
        head,
        *([row.name, row.recipe, *_changes(row, changed), str(row.steps), *_values(row, names)] for row in rows),
    ]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _changes(row: Row, changed: Sequence[str]) -> list[str]:
    return [row.changes.get(path, "") for path in changed]


def _values(row: Row, names: Sequence[str]) -> list[str]:
    return [_said(row.values.get(name), row.spread.get(name)) for name in names]


def _said(value: float | None, spread: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if spread is None else f"{value:.4g} ± {spread:.2g}"


def _row(name: str, group: Sequence[RunSummary], runs: Sequence[RunSummary]) -> Row:
    differ = {path for run in runs for path in run.changes if len({r.changes.get(path) for r in runs}) > 1}
    shared = group[0].changes if len(group) == 1 else _without_seed(group[0].changes)
    found = [_figures(run) for run in group]
    known = [name for name in found[0] if all(name in each for each in found)]
    values = {name: float(np.mean([each[name] for each in found])) for name in known}
    spread = {name: float(np.std([each[name] for each in found], ddof=1)) for name in known} if len(group) > 1 else {}
    return Row(
        name=name,
        recipe=group[0].recipe,
        changes={path: text for path, text in shared.items() if path in differ},
        seeds=len(group),
        steps=min(int(run.log[-1]["step"]) if run.log else 0 for run in group),
        values=values,
        spread=spread,
    )


def _figures(run: RunSummary) -> dict[str, float]:
    losses = [row["loss"] for row in run.log if "loss" in row]
    last = {"loss": losses[-1]} if losses else {}
    return last | dict(run.evaluation.figures if run.evaluation is not None else {})


def _without_seed(changes: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in sorted(changes.items()) if path.split(".")[-1] != SEED}
