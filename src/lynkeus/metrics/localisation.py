"""Metrics of weakly supervised localisation: does the box of a class map lie on the object?

Source: GT-known and Top-1 localisation as in Zhou et al. 2016, https://arxiv.org/abs/1512.04150, and Hide-and-Seek;
MaxBoxAcc and MaxBoxAccV2 of Choe et al. 2020, https://arxiv.org/abs/2001.07437, section 4.
Conventions: boxes are x0, y0, x1, y1 in any one unit, edges, not pixel indices. A picture with several true boxes
counts with the best overlap. The maximum over thresholds is chosen with the answers at hand. The maximum compares maps;
a system must choose its threshold on other pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

_V2 = (0.3, 0.5, 0.7)  # overlaps of MaxBoxAccV2, Choe et al., section 4


def overlaps(boxes: Float[np.ndarray, "n 4"], truth: Float[np.ndarray, "m 4"]) -> Float64[np.ndarray, "n m"]:
    """Intersection over union of each box with each true box; a box without area overlaps nothing.

    >>> overlaps(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [4, 4, 5, 5]])).round(4).tolist()
    [[0.3333, 0.0]]
    """
    low = np.maximum(boxes[:, None, :2], truth[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], truth[None, :, 2:])
    both = (high - low).clip(min=0).prod(axis=2)
    union = _areas(boxes)[:, None] + _areas(truth)[None] - both
    return np.divide(both, union, out=np.zeros(both.shape), where=union > 0)


def best_overlap(box: Sequence[float] | None, truth: Float[np.ndarray, "m 4"]) -> float:
    """Largest intersection over union of one box with the true boxes; 0 if either is missing."""
    if box is None or len(truth) == 0:
        return 0.0
    return float(overlaps(np.array(box, np.float64)[None], truth).max())


@dataclass(frozen=True, kw_only=True, slots=True)
class Localisation:
    """Localisation metrics as shares of pictures, 0 to 1.

    Attributes:
        gt_known: The box of the true class's map overlaps a true box enough (GT-known localisation).
        top1_loc: The first class is right and its box overlaps a true box enough (Top-1 localisation).
        top1_clas: The first class is right (Top-1 classification).
    """

    gt_known: float
    top1_loc: float
    top1_clas: float


def localisation(
    overlap: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"], *, least: float = 0.5
) -> Localisation:
    """The three metrics of Hide-and-Seek.

    If the first class is right, its map is the map of the true class, so one overlap per picture is enough.

    Args:
        overlap: Overlap of the box of the true class's map with the best true box, per picture.
        right: Whether the first class is the true one.
        least: Smallest overlap that counts, 0 to 1.

    Raises:
        ValueError: There is no picture.
    """
    if len(overlap) == 0:
        raise ValueError("no picture to measure localisation on")
    found = overlap >= least
    return Localisation(
        gt_known=float(found.mean()), top1_loc=float((found & right).mean()), top1_clas=float(right.mean())
    )


def max_box_accuracy(overlap: Float[np.ndarray, "n t"], *, least: float = 0.5) -> float:
    """The share of pictures whose box overlaps enough, at the best threshold of the map.

    Args:
        overlap: Overlap of each picture's box with the best true box, per threshold.
        least: Smallest overlap that counts, 0 to 1.

    Raises:
        ValueError: There is no picture or no threshold.

    >>> max_box_accuracy(np.array([[0.6, 0.2], [0.1, 0.5], [0.9, 0.7]]))
    0.6666666666666666
    """
    if overlap.size == 0:
        raise ValueError("no picture, or no threshold, to measure boxes on")
    return float((overlap >= least).mean(axis=0).max())


def max_box_accuracy_v2(overlap: Float[np.ndarray, "n t"]) -> float:
    """The mean of ``max_box_accuracy`` at overlaps of .3, .5 and .7."""
    return float(np.mean([max_box_accuracy(overlap, least=least) for least in _V2]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """How well a mask covers the true boxes of its picture, shares from 0 to 1.

    Attributes:
        covered: Share of the boxes' area that the mask marks.
        inside: Share of the mask that lies in the boxes; 0 for an empty mask.
    """

    covered: float
    inside: float


def cover(mask: Bool[np.ndarray, "h w"], truth: Float[np.ndarray, "m 4"]) -> Cover:
    """Compare a mask with true boxes; a pixel belongs to a box if the box contains its centre.

    Args:
        mask: Mask of the whole picture, at any resolution.
        truth: Boxes as shares of the picture's width and height; at least one contains a pixel's centre.

    Raises:
        ValueError: No box contains a pixel's centre.
    """
    height, width = mask.shape
    y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    true = np.zeros_like(mask)
    for x0, y0, x1, y1 in truth:
        true |= ((y >= y0) & (y < y1))[:, None] & ((x >= x0) & (x < x1))[None]
    if not true.any():
        raise ValueError("no true box covers a pixel")
    both = (mask & true).sum()
    return Cover(covered=float(both / true.sum()), inside=float(both / mask.sum()) if mask.any() else 0.0)


def _areas(boxes: Float[np.ndarray, "n 4"]) -> Float64[np.ndarray, " n"]:
    return (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1).astype(np.float64)
