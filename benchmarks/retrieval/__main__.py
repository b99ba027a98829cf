"""Measure DeepFirearm's arms on classes that did not train: cars, birds, firearms, three seeds each.

Every picture of the classes kept for measuring asks for the others of its class. All arms see as many pictures. Beside
the arms: PCA to several sizes, fitted on the pictures that train, with and without whitening; distances before and
after; several looks at a picture.

Run: ``python -m benchmarks.retrieval DATA RUNS CACHES``, about 45 min, one CPU core, 4 GiB. It resumes where it
stopped, and writes ``results/retrieval.json`` after each set. With ``--quick``: one seed, two steps a stage, results in
RUNS.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.retrieval.runs import ARMS, SETS, Runs, on_set, quick
from lynkeus.index.reduction import fit_reduction
from lynkeus.models.embedders import Embedder
from lynkeus.models.embedders.looks import embed
from lynkeus.recipes.retrieval.data import Opened
from lynkeus.recipes.retrieval.evaluation import measured, unit
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.retrieval import pair_distances, pair_histogram

SEEDS = (0, 1, 2)
AREA = ARMS["cls+retr-d"].area
DIMS = (512, 256, 128, 64, 32, 16)
PCA_ARMS = ("off-the-shelf", "retr-d", "cls+retr-d")
LOOKS = {"one size, mirrored": ("one", True), "three sizes, mirrored": ("three", True)}
LOOKED_AT, LOOKED_AT_SETS = "cls+retr-d", ("cars", "firearms")

Row = dict[str, Any]


def main(data: Path, folder: Path, caches: Path, *, short: bool) -> None:
    """Train and measure all arms; one seed after the other, so that what there is covers all sets."""
    runs = Runs(data, folder / ("quick" if short else "arms"), caches)
    results = folder / "retrieval.json" if short else results_file("retrieval", "retrieval.json")
    rows: dict[str, dict[str, list[Row]]] = {name: {arm: [] for arm in ARMS} for name in SETS}

    def row(name: str, arm: str, seed: int, measure: Callable[[Embedder, Opened], Row], kind: str = "row") -> Row:
        own = on_set(ARMS[arm], name, seed)
        return runs.row(f"{name}-{seed}-{arm}", quick(own) if short else own, measure, kind=kind)

    for seed in SEEDS[:1] if short else SEEDS:
        for name in SETS:
            for arm in ARMS:
                found = row(name, arm, seed, _reduced_too if arm in PCA_ARMS else _measured)
                rows[name][arm].append(found)
                print(name, seed, arm, found["figures"], found["distances"], flush=True)
            write_results(results, _report(rows, {}))
    looks = {name: row(name, LOOKED_AT, SEEDS[0], _looked, kind="looks") for name in LOOKED_AT_SETS}
    write_results(results, _report(rows, looks))


def _report(rows: Mapping[str, Mapping[str, Sequence[Row]]], looks: Mapping[str, Row]) -> dict[str, Any]:
    done = {name: {arm: _told(found) for arm, found in arms.items() if found} for name, arms in rows.items()}
    return {"about": about(), "sets": {name: arms for name, arms in done.items() if arms}, "looks": looks}


def _told(rows: Sequence[Row]) -> list[Row]:
    """The rows of an arm with the share that both histograms have in common; the histograms of the first seed alone."""
    told: list[Row] = []
    for place, row in enumerate(rows):
        spread = {kind: np.array(row["histogram"][kind], np.float64) for kind in ("same", "different")}
        both = np.minimum(*(counts / counts.sum() for counts in spread.values()))
        kept = row if place == 0 else {name: value for name, value in row.items() if name != "histogram"}
        told.append(kept | {"in_common": round(float(both.sum()), 4)})
    return told


def _measured(model: Embedder, opened: Opened) -> Row:
    """Figures and distances on the classes kept for measuring."""
    split = opened.split
    asked, known = split.of_part("test"), split.of_part("train")
    vectors, label = unit(pooled(model, opened.maps, asked)), split.pictures.label[asked]
    distance, same = pair_distances(vectors, label)
    spread = pair_histogram(vectors, label, "")
    return {
        "figures": _rounded(measured(vectors, split, asked)),
        "distances": _rounded({"same": distance[same].mean(), "different": distance[~same].mean()}),
        "histogram": {
            "edges": spread.edges.round(4).tolist(),
            "same": spread.same.tolist(),
            "different": spread.different.tolist(),
        },
        "classes": {"train": len(np.unique(split.pictures.label[known])), "test": len(np.unique(label))},
        "pictures": {"train": len(known), "test": len(asked)},
    }


def _reduced_too(model: Embedder, opened: Opened) -> Row:
    """The same, and at each size of a PCA that the pictures that train allow, without and with whitening."""
    split = opened.split
    asked, known = split.of_part("test"), split.of_part("train")
    vectors, trained = (unit(pooled(model, opened.maps, numbers)) for numbers in (asked, known))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for kind in ("plain", "whitened"):
        whole = fit_reduction(trained, min(DIMS[0], len(trained) - 1), whiten=kind == "whitened")
        fewer = {dim: replace(whole, axes=whole.axes[:dim]) for dim in DIMS if dim <= len(whole.axes)}
        found[kind] = {str(dim): _rounded(measured(one(vectors), split, asked)) for dim, one in fewer.items()}
    return _measured(model, opened) | {"pca": found}


def _looked(model: Embedder, opened: Opened) -> Row:
    """Figures of several looks at each picture; they run the whole network."""
    asked, cache = opened.split.of_part("test"), opened.split.pictures.cache
    found: Row = {}
    for name, (scales, mirrored) in LOOKS.items():
        vectors = [embed(model, cache[int(one)], area=AREA, scales=scales, mirrored=mirrored) for one in asked]
        found[name] = _rounded(measured(np.stack(vectors), opened.split, asked))
    return found


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in figures.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    main(*(Path(word) for word in sys.argv[1:4]), short="--quick" in sys.argv)
