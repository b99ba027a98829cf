"""What was chosen, on cars' classes kept for choices, seed 0: rates, the single margin, and the grid of both margins.

Run: ``python -m benchmarks.retrieval.choices DATA RUNS CACHES``, about 15 min, one CPU core. It resumes where it
stopped, and writes ``results/choices.json``. With ``--quick``: two steps a stage, results in RUNS.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import torch

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.retrieval.runs import ARMS, Runs, on_set, quick
from lynkeus.core import DivergedError
from lynkeus.models.embedders import Embedder
from lynkeus.recipes.retrieval.data import Opened
from lynkeus.recipes.retrieval.evaluation import measured, unit
from lynkeus.recipes.retrieval.recipe import RetrievalRecipe
from lynkeus.recipes.retrieval.stages import Margins
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.retrieval import pair_distances

SET, SEED = "cars", 0
RATES = {
    "cls": (1e-4, 3e-4, 1e-3),
    "retr-d": (3e-5, 1e-4, 3e-4, 1e-3),
    "cls+retr-d": (3e-5, 1e-4, 3e-4),
    "triplet": (3e-5, 1e-4, 3e-4, 1e-3),
    "arcface": (1e-4, 3e-4, 1e-3, 3e-3),
}
SINGLE = (0.7, 0.9, 1.1, 1.3, 1.5)
PULLS, PUSHES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), (1.1, 1.2, 1.3)


def main(data: Path, folder: Path, caches: Path, *, short: bool) -> None:
    """Train and measure all of them."""
    runs = Runs(data, folder / ("quick" if short else "choices"), caches)

    def row(name: str, recipe: RetrievalRecipe) -> dict[str, float]:
        recipe = on_set(recipe, SET, SEED)
        found = runs.row(name, quick(recipe) if short else recipe, _on_val)
        print(name, found, flush=True)
        return found

    def margins(recipe: RetrievalRecipe, pull: float, push: float) -> RetrievalRecipe:
        if not isinstance(recipe.loss, Margins):
            raise TypeError("an arm without margins")
        return replace(recipe, loss=replace(recipe.loss, pull=pull, push=push))

    rates = {
        arm: {str(rate): row(f"rate-{arm}-{rate}", _rated(ARMS[arm], rate)) for rate in each}
        for arm, each in RATES.items()
    }
    single = {str(push): row(f"single-{push}", margins(ARMS["retr-s"], 0.0, push)) for push in SINGLE}
    start = {arm: row(arm, ARMS[arm]) for arm in ("off-the-shelf", "cls, first half")}
    grid = {
        str(pull): {
            str(push): row(f"margins-{pull}-{push}", margins(ARMS["cls+retr-d"], pull, push)) for push in PUSHES
        }
        for pull in PULLS
    }
    report = {
        "about": about() | {"set": SET, "seed": SEED},
        "rates": rates,
        "single": single,
        "start": start,
        "grid": grid,
    }
    results = folder / "choices.json" if short else results_file("retrieval", "choices.json")
    write_results(results, report)


def _rated(recipe: RetrievalRecipe, rate: float) -> RetrievalRecipe:
    """An arm whose last stage learns at another rate, its heads ten times as fast."""
    if recipe.loss is None:
        return replace(
            recipe, classify_descent=replace(recipe.classify_descent, backbone_rate=rate, head_rate=10 * rate)
        )
    return replace(recipe, descent=replace(recipe.descent, backbone_rate=rate, head_rate=10 * rate))


def _on_val(model: Embedder, opened: Opened) -> dict[str, Any]:
    numbers = opened.split.of_part("val")
    try:
        vectors = unit(pooled(model, opened.maps, numbers))
    except DivergedError:
        return {"collapsed": True}
    distance, same = pair_distances(vectors, opened.split.pictures.label[numbers])
    figures = measured(vectors, opened.split, numbers)
    means = {"same": distance[same].mean(), "different": distance[~same].mean()}
    return {name: round(float(value), 4) for name, value in (figures | means).items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    main(*(Path(word) for word in sys.argv[1:4]), short="--quick" in sys.argv)
