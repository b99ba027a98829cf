"""Choose the constants of the recogniser of objects, on pictures that no published figure measures.

Slope and offset turn similarity into log odds. A logistic regression fits them to the leading finding of each upload,
right or wrong, and of each stranger; one upload in five is assumed to show a thing. A box ends at a share of the heat
map's maximum: the chosen share gives the most boxes that overlap a drawn box by half. Uploads and references are the
train part of ``wsol``; each seed draws other references. Strangers are the tune half of ``benchmarks/copies``, which
also made the centres that normalise scores.

Run: ``python -m benchmarks.objects.choices DATA CACHE``; 5 min, one CPU core. It writes ``results/choices.json``; copy
slope and offset into ``lynkeus.kinds.objects.recogniser`` and the share into ``lynkeus.kinds.objects.heat`` by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.objects.open_set import (
    REFERENCES,
    Vectors,
    best,
    box_of,
    drawn,
    drawn_boxes,
    entities,
    gallery,
    place,
    strangers,
)
from lynkeus.core import read_picture
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.kinds.objects.heat import outline_of
from lynkeus.kinds.objects.index import ObjectView
from lynkeus.kinds.objects.recogniser import OFFSET, SLOPE, ObjectRecogniser, load
from lynkeus.metrics.localisation import best_overlap
from lynkeus.runtime.cards import card

SEEDS = range(100, 104)
SHARES = tuple(round(0.15 + 0.05 * step, 2) for step in range(8))
_SHOWN = 0.2
_STEPS = 30


def main(data: Path, cache: Path) -> None:
    """Choose and write the results."""
    recogniser = load(card)
    vectors = Vectors(data, cache, recogniser.embed)
    _, pictures, _ = next(entities(data))
    labels = np.array([label for _, label in pictures])
    known = vectors("wsol-references", [path for path, _ in pictures])
    clean = vectors("wsol-tune", strangers("wsol", half="tune"))

    def led(vector: np.ndarray, view: ObjectView) -> tuple[float, int]:
        score, reference = best(recogniser, vector, view)
        return (score - OFFSET) / SLOPE, reference

    left: list[float] = []
    right: list[bool] = []
    weight: list[float] = []
    for seed in SEEDS:
        for count in REFERENCES:
            chosen = drawn(labels, count, np.random.default_rng((seed, count)))
            view = gallery(labels, known, chosen)
            uploads = np.setdiff1d(np.arange(len(labels)), chosen)
            for number in uploads:
                rest, reference = led(known[number], view)
                left.append(rest)
                right.append(bool(labels[reference] == labels[number]))
                weight.append(_SHOWN / len(uploads))
            left += [led(vector, view)[0] for vector in clean]
            right += [False] * len(clean)
            weight += [(1 - _SHOWN) / len(clean)] * len(clean)
    slope, offset = logistic(np.array(left), np.array(right), np.array(weight))
    overlaps = _overlaps(data, recogniser, vectors)
    report: dict[str, Any] = {
        "slope": round(slope, 2),
        "offset": round(offset, 2),
        "boxes": {str(share): round(float(np.mean(each)), 4) for share, each in overlaps.items()},
    }
    print(json.dumps(report))
    write_results(results_file("objects", "choices.json"), report | about())


def logistic(value: np.ndarray, true: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the log odds of the most likely logistic regression, by Newton's method."""
    rows = np.stack([value, np.ones_like(value)], axis=1)
    found = np.zeros(2)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        gradient = rows.T @ (weight * (true - chance))
        curvature = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows
        found += np.linalg.solve(curvature, gradient)
    return float(found[0]), float(found[1])


def _overlaps(data: Path, recogniser: ObjectRecogniser, vectors: Vectors) -> dict[float, list[bool]]:
    """Whether the box of each picture that is no reference overlaps a drawn one by half, for each share."""
    _, pictures, _ = next(entities(data))
    labels = np.array([label for _, label in pictures])
    known = vectors("wsol-references", [path for path, _ in pictures])
    chosen = drawn(labels, max(REFERENCES), np.random.default_rng((SEEDS[0], max(REFERENCES))))
    view = gallery(labels, known, chosen)
    of_entity = {str(labels[number]): int(number) for number in chosen}
    truth = drawn_boxes(data)
    found: dict[float, list[bool]] = {share: [] for share in SHARES}
    for number in np.setdiff1d(np.arange(len(labels)), chosen):
        path, label = pictures[number]
        picture = read_picture(data / path, max_side=WORKING_SIDE)
        heat = place(recogniser, picture, of_entity[label], view).heat
        for share in SHARES:
            box = box_of(outline_of(heat, picture.width, picture.height, share=share))
            found[share].append(best_overlap(box.tolist(), np.stack(truth[path])) >= 0.5)
    return found


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main(*(Path(word) for word in sys.argv[1:3]))
