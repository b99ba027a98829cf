"""Evaluation of a classifier with class maps: classes of clean and covered pictures, numbers, boxes and masks.

The choosing pictures choose the threshold of the maps; the test pictures never do. The box comes from the map of the
true class. The map is enlarged to the picture's square by bilinear interpolation, and its range is scaled to 0 to 1
(Choe et al. 2020, https://arxiv.org/abs/2001.07437, and Hide-and-Seek, section 3.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from lynkeus import augment as au
from lynkeus.data.labelled import LabelledPictures
from lynkeus.data.stickers import read_stickers
from lynkeus.data.views import squash
from lynkeus.matching.heat_box import heat_box
from lynkeus.metrics.localisation import (
    best_overlap,
    cover,
    localisation,
    max_box_accuracy,
    max_box_accuracy_v2,
)
from lynkeus.models.classifiers.cam import CamClassifier
from lynkeus.report.laboratory.evaluation import Confusion, Evaluation, HeatMap

SHARES: tuple[float, ...] = tuple(round(0.02 * step, 2) for step in range(1, 50))
"""Candidate thresholds, as shares of a map's greatest value."""
_TOGETHER = 32  # pictures in one pass; limits memory
_SHEET = 24  # pictures on the sheet; chosen by eye
_LEAST = 0.5  # overlap of a correct box, as in the Hide-and-Seek paper
_HALF = 0.5  # share of a map's greatest value: one threshold for all models, to compare the extent of their maps
_COVERED_SEED = 7  # any number; all models see the same covers


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answers:
    """The outputs of a model for some pictures.

    Attributes:
        logit: Logit of each class.
        maps: Class activation maps.
    """

    logit: Float32[np.ndarray, "n c"]
    maps: Float32[np.ndarray, "n c i j"]

    @property
    def first(self) -> Int64[np.ndarray, " n"]:
        """The most likely class of each picture."""
        return self.logit.argmax(axis=1)


@torch.no_grad()
def answers(
    model: CamClassifier,
    pictures: LabelledPictures,
    numbers: Int64[np.ndarray, " n"],
    *,
    side: int,
    disguise: au.Transform | None = None,
) -> Answers:
    """The outputs of a model for some pictures, unchanged or disguised.

    Args:
        model: A trained model; this function puts the model into evaluation mode.
        pictures: The pictures.
        numbers: Numbers of the pictures.
        side: Side of the squares, pixels.
        disguise: Disguise of each square; the random generator depends only on the picture's number.
    """
    model.eval()
    logit, maps = [], []
    for pixels in _squares(pictures, numbers, side, disguise):
        seen = model.see(torch.from_numpy(pixels))
        logit.append(seen.logit.numpy())
        maps.append(seen.maps.numpy())
    return Answers(logit=np.concatenate(logit), maps=np.concatenate(maps))


def averaged(parts: list[Answers]) -> Answers:
    """Combine the outputs of several models: the mean of the maps, each scaled to 0 to 1, and of the probabilities."""
    chance = np.mean([_softmax(part.logit) for part in parts], axis=0)
    maps = np.mean([_unit(part.maps) for part in parts], axis=0)
    return Answers(logit=np.log(chance + 1e-12).astype(np.float32), maps=maps.astype(np.float32))


def occluder(data: Path) -> au.Transform:
    """The disguise that covers parts of pictures for the figures under occlusion: plain rectangles, or stickers if any.

    The covers differ from the grid of Hide-and-Seek, the square of CutOut and the noise of random erasing.
    """
    rectangles = au.CutOuts(count=(1, 3), side=(0.25, 0.5))
    stickers = read_stickers(data)
    if not stickers:
        return rectangles
    return au.OneOf((rectangles, au.Stickers(stickers=stickers, count=(1, 3), size=(0.35, 0.6))))


def heat_of(maps: Float32[np.ndarray, "i j"], side: int) -> Float32[np.ndarray, "s s"]:
    """A class map, enlarged to its picture and scaled to 0 to 1; a constant map becomes 0."""
    large = np.asarray(cv2.resize(maps, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    return _unit(large)


def boxes_at(heat: Float32[np.ndarray, "s s"], shares: tuple[float, ...]) -> list[tuple[float, ...] | None]:
    """The box of a map at each threshold, as shares of the picture's sides."""
    found = (heat_box(heat, share=share) for share in shares)
    return [None if box is None else tuple(edge / heat.shape[0] for edge in box) for box in found]


def overlap_table(
    maps: Float32[np.ndarray, "n c i j"], pictures: LabelledPictures, numbers: Int64[np.ndarray, " n"], *, side: int
) -> Float64[np.ndarray, "n t"]:
    """Overlap of each picture's predicted box of the true class with the best true box, at each of ``SHARES``."""
    rows = [
        [best_overlap(box, pictures.boxes[number]) for box in boxes_at(heat_of(maps[row, label], side), SHARES)]
        for row, (number, label) in enumerate(zip(numbers, pictures.label[numbers], strict=True))
    ]
    return np.array(rows, np.float64).reshape(len(numbers), len(SHARES))


def chosen_share(overlap: Float64[np.ndarray, "n t"]) -> float:
    """The threshold at which most boxes overlap by half; the middle one of equally good thresholds."""
    accuracy = (overlap >= _LEAST).mean(axis=0)
    best = np.flatnonzero(accuracy == accuracy.max())
    return SHARES[int(best[len(best) // 2])]


def box_figures(
    choosing: Answers, tested: Answers, pictures: LabelledPictures, *, side: int
) -> tuple[dict[str, float], float]:
    """The figures of boxes and masks, and the threshold that the choosing pictures chose.

    Args:
        choosing: Outputs for the pictures that choose the threshold.
        tested: Outputs for the test pictures.
        pictures: The pictures, with true boxes.
        side: Side of the squares, pixels.
    """
    share = chosen_share(overlap_table(choosing.maps, pictures, pictures.of("choose"), side=side))
    numbers = pictures.of("test")
    overlap = overlap_table(tested.maps, pictures, numbers, side=side)
    shares = localisation(overlap[:, SHARES.index(share)], tested.first == pictures.label[numbers])
    heats = [heat_of(tested.maps[row, pictures.label[number]], side) for row, number in enumerate(numbers)]
    truth = [pictures.boxes[number] for number in numbers]
    chosen, half = (
        [cover(heat >= least, boxes) for heat, boxes in zip(heats, truth, strict=True)] for least in (share, _HALF)
    )
    return {
        "GT-known localisation": shares.gt_known,
        "top-1 localisation": shares.top1_loc,
        "MaxBoxAcc": max_box_accuracy(overlap),
        "MaxBoxAccV2": max_box_accuracy_v2(overlap),
        "boxes covered by the mask": float(np.mean([one.covered for one in chosen])),
        "mask inside the boxes": float(np.mean([one.inside for one in chosen])),
        "boxes covered by half the map": float(np.mean([one.covered for one in half])),
        "half the map inside the boxes": float(np.mean([one.inside for one in half])),
        "threshold of the map": share,
    }, share


def evaluate_classifier(model: CamClassifier, pictures: LabelledPictures, *, side: int, stickers: Path) -> Evaluation:
    """All figures, the confusion of classes, and a sheet of maps if there are true boxes.

    Args:
        model: A trained model.
        pictures: All parts.
        side: Side of the squares, pixels.
        stickers: The data root, for the stickers that cover parts of pictures.
    """
    numbers = pictures.of("test")
    label = pictures.label[numbers]
    clean = answers(model, pictures, numbers, side=side)
    covered = answers(model, pictures, numbers, side=side, disguise=occluder(stickers))
    figures = {"top-1": _share(clean.first == label), "top-1 occluded": _share(covered.first == label)}
    if np.isfinite(pictures.value).all():
        figures["mean error of the number"] = number_error(clean, pictures)
    sheet: tuple[HeatMap, ...] = ()
    if any(len(boxes) for boxes in pictures.boxes) and len(pictures.of("choose")):
        choosing = answers(model, pictures, pictures.of("choose"), side=side)
        boxes, share = box_figures(choosing, clean, pictures, side=side)
        figures |= boxes
        sheet = tuple(_heat_map(clean, pictures, row, share, side) for row in _sheet_rows(len(numbers)))
    return Evaluation(figures=figures, heat_maps=sheet, confusion=_confusion(clean, pictures))


def number_error(found: Answers, pictures: LabelledPictures) -> float:
    """Mean absolute error of the expected number: class probabilities times the mean number of each class in training.

    Source: Rothe et al. 2015 (DEX), https://doi.org/10.1109/ICCVW.2015.41, with wider classes.
    """
    train, numbers = pictures.of("train"), pictures.of("test")
    centre = np.array([pictures.value[train][pictures.label[train] == k].mean() for k in range(len(pictures.names))])
    return float(np.abs(_softmax(found.logit) @ centre - pictures.value[numbers]).mean())


def _squares(
    pictures: LabelledPictures, numbers: Int64[np.ndarray, " n"], side: int, disguise: au.Transform | None
) -> Iterator[np.ndarray]:
    for start in range(0, len(numbers), _TOGETHER):
        squares: list[np.ndarray] = []
        for number in numbers[start : start + _TOGETHER]:
            square = squash(pictures.cache[int(number)], side)
            rng = np.random.default_rng((_COVERED_SEED, int(number)))
            squares.append(square if disguise is None else disguise(square, rng))
        yield np.stack(squares)


def _heat_map(found: Answers, pictures: LabelledPictures, row: int, share: float, side: int) -> HeatMap:
    number = int(pictures.of("test")[row])
    label = int(pictures.label[number])
    heat = heat_of(found.maps[row, label], side)
    left, top, right, bottom = boxes_at(heat, (share,))[0] or (0.0, 0.0, 0.0, 0.0)
    return HeatMap(
        picture=pictures.cache[number],
        heat=heat,
        label=pictures.names[label],
        predicted=pictures.names[int(found.first[row])],
        box=(left, top, right, bottom),
        truth=tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in pictures.boxes[number]),
    )


def _sheet_rows(count: int) -> list[int]:
    """Pictures of the sheet, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, _SHEET)).round()).astype(int).tolist()


def _confusion(found: Answers, pictures: LabelledPictures) -> Confusion:
    counts = np.zeros((len(pictures.names),) * 2, np.int64)
    np.add.at(counts, (pictures.label[pictures.of("test")], found.first), 1)
    return Confusion(names=pictures.names, counts=counts)


def _share(right: np.ndarray) -> float:
    return float(right.mean())


def _softmax(logit: Float32[np.ndarray, "n c"]) -> Float64[np.ndarray, "n c"]:
    raised = np.exp(logit.astype(np.float64) - logit.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _unit(maps: Float32[np.ndarray, "*n i j"]) -> Float32[np.ndarray, "*n i j"]:
    """Each map from 0 to 1."""
    low, high = (end(axis=(-2, -1), keepdims=True) for end in (maps.min, maps.max))
    return np.divide(maps - low, high - low, out=np.zeros_like(maps), where=high > low)
