"""Measure the object descriptor on classes that it has not seen, and write ``results/objects.json``.

Each fold (``csv/folds.csv``) trains the recipe without its classes; then every picture of these asks for the others of
its class, firearms, cars and birds apart. Arms: ``off_the_shelf``, the generalised mean of the published weights'
head; ``pooled``, with the covariances; ``whitened``, the same through the linear layer before the first step;
``trained``, what the recipe gives; ``int8``, the exported file on the files themselves, as in use; ``free``, the recipe
of free data alone, which sees none of the sets.

Run: ``python -m benchmarks.objects DATA RUNS CACHES``; about 110 min, one CPU core. Existing runs are
resumed or used. With ``--cost`` at the end, it times the file that ships instead.
"""

import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.harness.about import about
from benchmarks.harness.results import change_results, results_file
from benchmarks.harness.rounds import Rounds, open_floor
from benchmarks.objects.folds import FOLDS, held_out
from benchmarks.objects.reached import described, reached, spread
from lynkeus.core import read_picture
from lynkeus.data.classes import ClassPictures
from lynkeus.engine.launch import make_fabric
from lynkeus.kinds.objects.embedder import DESCRIPTOR
from lynkeus.models.backbones.efficientnet_lite import WIDTH
from lynkeus.recipes.objects.object_descriptor_all import RECIPE
from lynkeus.recipes.objects.object_descriptor_free import RECIPE as FREE
from lynkeus.recipes.objects.publish import FILE, publish_objects
from lynkeus.recipes.objects.recipe import load_start, open_object_maps, open_object_pictures, start_embedder
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.view_maps import pooled
from lynkeus.runtime.area import AreaModel
from lynkeus.runtime.cards import card

RESULTS = results_file("objects", "objects.json")
SETS = {"firearms": "firearms/models", "cars": "finegrained/cars", "birds": "finegrained/birds"}
_TIMED, _ROUND = 160, 16

Figures = dict[str, dict[str, float]]


def main(data: Path, runs: Path, caches: Path) -> None:
    """Train and measure every fold."""
    fabric = make_fabric(accelerator="cpu")
    common = Places(data=data, out=runs, caches=caches)
    pictures = open_object_pictures(RECIPE, common)
    maps = open_object_maps(RECIPE, start_embedder(RECIPE), pictures, caches=caches)
    free = FREE.train(Places(data=data, out=runs / "free", caches=caches), fabric)
    folds: list[dict[str, Figures]] = []
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / f"{FILE}.int8.onnx"
        for fold in range(FOLDS):
            run = runs / f"fold{fold}"
            recipe = replace(RECIPE, held_out=tuple(sorted(held_out(fold))))
            model = recipe.train(Places(data=data, out=run, caches=caches), fabric)
            trained = pictures.without(held_out(fold))
            asked = np.flatnonzero(~trained)
            publish_objects(model, RECIPE.release, pictures.cache, Path(folder), trained=np.flatnonzero(trained))
            start = load_start(run, recipe)
            published = pooled(start, maps, asked)
            vectors = {
                "off_the_shelf": published[:, :WIDTH],
                "pooled": published,
                "whitened": described(start, maps, asked),
                "free": described(free, maps, asked),
                "trained": described(model, maps, asked),
                "int8": _from_files(AreaModel(small), pictures, asked, data),
            }
            folds.append({arm: _measured(found, pictures, asked) for arm, found in vectors.items()})
            print(json.dumps(folds[-1]), flush=True)
    change_results(RESULTS, {"folds": folds, "mean": _means(folds), **about()})


def cost(data: Path, runs: Path, caches: Path) -> None:
    """Time the file that ships and put that into the results."""
    pictures = open_object_pictures(RECIPE, Places(data=data, out=runs, caches=caches))
    change_results(RESULTS, {"cost": _cost(AreaModel(card(DESCRIPTOR).path), pictures, caches)})


def _measured(vectors: np.ndarray, pictures: ClassPictures, asked: np.ndarray) -> Figures:
    found: Figures = {}
    for name, folder in SETS.items():
        of_set = np.array([pictures.names[label][0] == folder for label in pictures.label[asked]])
        found[name] = reached(vectors[of_set], pictures.label[asked][of_set])
    return found


def _from_files(model: AreaModel, pictures: ClassPictures, asked: np.ndarray, data: Path) -> np.ndarray:
    return np.stack([model(read_picture(data / pictures.cache.paths[number]).rgb) for number in asked])


def _cost(model: AreaModel, pictures: ClassPictures, caches: Path) -> dict[str, Any]:
    rounds = Rounds(floor=open_floor(caches / "floor"), size=_ROUND)
    for number in np.random.default_rng(0).permutation(len(pictures.cache))[:_TIMED]:
        rgb = pictures.cache[int(number)]
        with rounds.picture():
            model(rgb)
    return asdict(rounds.cost())


def _means(folds: list[dict[str, Figures]]) -> dict[str, Any]:
    """Mean and standard deviation over the folds."""
    return {arm: {name: spread([fold[arm][name] for fold in folds]) for name in SETS} for arm in folds[0]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    (cost if "--cost" in sys.argv else main)(*(Path(word) for word in sys.argv[1:4]))
