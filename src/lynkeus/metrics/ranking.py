"""Metrics of one ranked list of predicted (query, reference) pairs, as in copy detection.

Source: Douze et al., "The 2021 Image Similarity Dataset and Challenge", section 4,
https://arxiv.org/abs/2106.09672. All queries share one list and so one threshold: a false pair costs the same whether
its query is a copy or a distractor. Conventions: a higher score is more alike; among equal scores the misses come
first, so a tie never helps.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatingPoint:
    """A threshold on a list, with the recall and precision at the threshold.

    Attributes:
        recall: Share of the true pairs that are found, 0 to 1.
        precision: Share of the accepted pairs that are true, 0 to 1.
        threshold: Lowest accepted score; infinity if nothing is accepted.
    """

    recall: float
    precision: float
    threshold: float


def worst_first(score: Float[np.ndarray, " n"], hit: Bool[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The order of a list: by falling score, misses first among equal scores.

    Args:
        score: Similarity of each predicted pair, any unit, higher is more alike.
        hit: Whether the pair is true.

    Raises:
        ValueError: A score is not a number.
    """
    if np.isnan(score).any():
        raise ValueError(f"{int(np.isnan(score).sum())} of {len(score)} scores are not a number")
    return np.lexsort((hit, -score))


def micro_average_precision(score: Float[np.ndarray, " n"], hit: Bool[np.ndarray, " n"], positives: int) -> float:
    """Area under the precision-recall curve, without interpolation: the sum of (R_i - R_{i-1}) P_i.

    Args:
        score: Similarity of each predicted pair, any unit, higher is more alike.
        hit: Whether the pair is true; no pair may be given twice.
        positives: Total number of true pairs, found or not; at least 1.

    Raises:
        ValueError: ``positives`` is below 1 or below the hits given, or a score is not a number.

    >>> score, hit = np.array([0.9, 0.8, 0.8, 0.7, 0.6]), np.array([True, True, False, False, True])
    >>> round(micro_average_precision(score, hit, positives=4), 6)
    0.566667
    """
    precision, _, found = _curve(score, hit, positives)
    return float(precision[found].sum() / positives)


def recall_at_precision(
    score: Float[np.ndarray, " n"], hit: Bool[np.ndarray, " n"], positives: int, *, precision: float
) -> OperatingPoint:
    """The highest recall with at least the given precision; recall 0 if no threshold reaches it.

    Args:
        score: Similarity of each predicted pair, any unit, higher is more alike.
        hit: Whether the pair is true; no pair may be given twice.
        positives: Total number of true pairs, found or not; at least 1.
        precision: Lowest allowed precision, above 0 to 1.

    Raises:
        ValueError: As for ``micro_average_precision``, or ``precision`` is outside its range.

    >>> score, hit = np.array([0.9, 0.8, 0.8, 0.7, 0.6]), np.array([True, True, False, False, True])
    >>> recall_at_precision(score, hit, positives=4, precision=0.9)
    OperatingPoint(recall=0.25, precision=1.0, threshold=0.9)
    """
    if not 0 < precision <= 1:
        raise ValueError(f"precision is {precision}, must be above 0 and at most 1")
    precisions, scores, found = _curve(score, hit, positives)
    good = np.flatnonzero(found & (precisions >= precision))
    if not len(good):
        return OperatingPoint(recall=0.0, precision=1.0, threshold=float("inf"))
    last = int(good[-1])
    return OperatingPoint(
        recall=float(found[: last + 1].sum() / positives),
        precision=float(precisions[last]),
        threshold=float(scores[last]),
    )


def _curve(
    score: Float[np.ndarray, " n"], hit: Bool[np.ndarray, " n"], positives: int
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Precision, score and hit at each position of the list."""
    if positives < max(1, int(hit.sum())):
        raise ValueError(f"{positives} true pairs in all, but {int(hit.sum())} hits; wanted at least as many and 1")
    order = worst_first(score, hit)
    found = hit[order]
    return np.cumsum(found) / np.arange(1, len(found) + 1), score[order], found
