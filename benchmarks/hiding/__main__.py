"""Train and measure all arms with all seeds, and write ``results/hiding.json``.

Run: ``python -m benchmarks.hiding DATA RUNS CACHES``; about 45 min, one CPU core. Existing runs are
used, so that a run may be stopped and started again. With ``--quick`` it tries some arms with one
seed and four steps, and writes no results.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.hiding.arms import ARMS, BASE, SEEDS, SIZES, Arm
from lynkeus.data.labelled import Part
from lynkeus.engine.launch import make_fabric
from lynkeus.metrics.localisation import best_overlap
from lynkeus.recipes.hiding.evaluation import answers, averaged, box_figures
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION
from lynkeus.recipes.hiding.recipe import HidingRecipe
from lynkeus.recipes.hiding.time_recipe import TimeRecipe
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import load_evaluation, save_evaluation

ENSEMBLE = "ensemble"

Rows = dict[str, dict[str, dict[str, dict[str, float]]]]


def main(data: Path, runs: Path, caches: Path, *, quick: bool) -> None:
    """Run what is missing and write what is there."""
    fabric = make_fabric(accelerator="cpu")
    rows: Rows = {}
    for arm in _quick() if quick else ARMS:
        for seed in SEEDS[:1] if quick else SEEDS:
            places = Places(data=data, out=runs / arm.family / arm.name / str(seed), caches=caches)
            figures = _measured(replace(arm.recipe, seed=seed), places, fabric)
            rows.setdefault(arm.family, {}).setdefault(arm.name, {})[str(seed)] = figures
            print(arm.family, arm.name, seed, json.dumps(figures), flush=True)
            if not quick:
                _write(rows)
    if not quick:
        rows["wsol"][ENSEMBLE] = _ensembles(data, runs, caches)
        _write(rows, centre_box=_centre_box(Places(data=data, out=runs, caches=caches)))


def _measured(recipe: HidingRecipe | TimeRecipe, places: Places, fabric: Fabric) -> dict[str, float]:
    found = load_evaluation(places.out)
    if found is None:
        recipe.train(places, fabric)
        found = recipe.evaluate(places)
        save_evaluation(found, places.out)
    return {name: round(float(value), 5) for name, value in found.figures.items()}


def _ensembles(data: Path, runs: Path, caches: Path) -> dict[str, dict[str, float]]:
    """The models of all sizes, and the one with nothing hidden, as one: as the paper does."""
    arms = {arm.name: arm.recipe for arm in ARMS if isinstance(arm.recipe, HidingRecipe) and arm.family == "wsol"}
    pictures, side = BASE.pictures(Places(data=data, out=runs, caches=caches)), BASE.side
    found: dict[str, dict[str, float]] = {}
    for seed in SEEDS:
        parts: dict[str, list[Any]] = {"choose": [], "test": []}
        for name in ("none", *(f"s{size}" for size in SIZES)):
            places = Places(data=data, out=runs / "wsol" / name / str(seed), caches=caches)
            model = arms[name].load(places, pictures)
            parts["choose"].append(answers(model, pictures, pictures.of("choose"), side=side))
            parts["test"].append(answers(model, pictures, pictures.of("test"), side=side))
        tested = averaged(parts["test"])
        figures, _ = box_figures(averaged(parts["choose"]), tested, pictures, side=side)
        right = tested.first == pictures.label[pictures.of("test")]
        found[str(seed)] = {"top-1": round(float(np.mean(right)), 5), **{k: round(v, 5) for k, v in figures.items()}}
    return found


def _centre_box(places: Places) -> dict[str, float]:
    """What a box in the middle of every picture reaches, its size chosen on the pictures that choose."""
    pictures = LOCALISATION.pictures(places)

    def reached(part: Part, size: float) -> float:
        box = (0.5 - size / 2, 0.5 - size / 2, 0.5 + size / 2, 0.5 + size / 2)
        return float(np.mean([best_overlap(box, pictures.boxes[n]) >= 0.5 for n in pictures.of(part)]))

    size = max((round(0.05 * step, 2) for step in range(1, 21)), key=lambda one: reached("choose", one))
    return {"size": size, "GT-known localisation": round(reached("test", size), 5)}


def _write(rows: Rows, **further: Any) -> None:
    families = {
        family: whole
        for family, arms in rows.items()
        if (whole := {name: seeds for name, seeds in arms.items() if len(seeds) == len(SEEDS)})
    }
    report = {"families": families, **further, "about": about()}
    write_results(results_file("hiding", "hiding.json"), report)


def _quick() -> list[Arm]:
    tried = [arm for arm in ARMS if arm.name in {"none", "mixed", "s4"}]
    return [
        replace(arm, recipe=replace(arm.recipe, descent=replace(arm.recipe.descent, steps=4, cooldown=2)))
        for arm in tried
    ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    words = [word for word in sys.argv[1:] if word != "--quick"]
    main(*(Path(word) for word in words[:3]), quick="--quick" in sys.argv)
