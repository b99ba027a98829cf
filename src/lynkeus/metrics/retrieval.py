"""Metrics of retrieval by class: each picture queries for the other pictures of its class.

Sources: average precision as the mean of the precisions at the hits; DeepFirearm's and Oxford's trapezoid
(https://arxiv.org/abs/1806.02984, code; Philbin et al. 2007); rank-k as in person re-identification (CMC).
Conventions: a higher score is more alike; among equal scores the misses come first, so a tie never helps. The mean
over no queries (no query has a match) is NaN.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from lynkeus.metrics.ranking import worst_first


@dataclass(frozen=True, kw_only=True, slots=True)
class Retrieval:
    """Means over the queries that have at least one match in the database.

    Attributes:
        mean_ap: Mean average precision, 0 to 1.
        mean_ap_trapezoid: Mean average precision by DeepFirearm's trapezoid, 0 to 1.
        rank: Share of queries with a match among the first 1, 2, 4 and 8 results.
        queries: Number of queries that count.
    """

    mean_ap: float
    mean_ap_trapezoid: float
    rank: dict[int, float]
    queries: int


def average_precision(hit: Bool[np.ndarray, " n"], relevant: int) -> float:
    """Mean precision at the hits of one ranked list.

    Args:
        hit: Whether each entry is a match, best first.
        relevant: Matches in the database, found or not; at least 1.

    Raises:
        ValueError: ``relevant`` is below 1 or below the hits given.

    >>> round(average_precision(np.array([True, False, True]), relevant=2), 6)
    0.833333
    """
    places = _places(hit, relevant)
    return float((np.arange(1, len(places) + 1) / (places + 1)).sum() / relevant)


def trapezoid_average_precision(hit: Bool[np.ndarray, " n"], relevant: int) -> float:
    """Area under the precision-recall curve by trapezoids of height (precision before + precision at the hit) / 2.

    Args:
        hit: As for ``average_precision``.
        relevant: As for ``average_precision``.

    Raises:
        ValueError: As for ``average_precision``.

    >>> round(trapezoid_average_precision(np.array([True, False, True]), relevant=2), 6)
    0.791667
    """
    places = _places(hit, relevant)
    before = np.arange(len(places)) / np.maximum(places, 1)
    before[places == 0] = 1.0
    at_hit = np.arange(1, len(places) + 1) / (places + 1)
    return float(((before + at_hit) / 2).sum() / relevant)


def cumulative_match(hits: Bool[np.ndarray, "q n"], k: int) -> float:
    """Share of the queries with at least one match among the first ``k`` results.

    Raises:
        ValueError: ``k`` is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}, must be at least 1")
    return float(hits[:, :k].any(axis=1).mean()) if len(hits) else float("nan")


def leave_one_out(
    vectors: Float[np.ndarray, "n d"], label: Int[np.ndarray, " n"], *, asked: Bool[np.ndarray, " n"] | None = None
) -> Retrieval:
    """Query with every picture against all other pictures, by cosine.

    Args:
        vectors: One vector per picture, of any length but 0.
        label: Class of each picture.
        asked: Which pictures are queries; None takes all. The database is always all pictures but the query.

    Raises:
        ValueError: A vector has length 0 or is not finite.
    """
    length = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(length) & (length > 0)).all():
        raise ValueError("every vector must be finite and longer than 0")
    unit = (vectors / length[:, None]).astype(np.float64)
    queries = np.arange(len(label)) if asked is None else np.flatnonzero(asked)
    lists = [_ranked(unit, label, int(query)) for query in queries]
    found = [hits for hits in lists if hits.any()]
    if not found:
        return Retrieval(
            mean_ap=float("nan"),
            mean_ap_trapezoid=float("nan"),
            rank=dict.fromkeys((1, 2, 4, 8), float("nan")),
            queries=0,
        )
    return Retrieval(
        mean_ap=float(np.mean([average_precision(hits, int(hits.sum())) for hits in found])),
        mean_ap_trapezoid=float(np.mean([trapezoid_average_precision(hits, int(hits.sum())) for hits in found])),
        rank={k: cumulative_match(np.stack(found), k) for k in (1, 2, 4, 8)},
        queries=len(found),
    )


def _ranked(unit: Float64[np.ndarray, "n d"], label: Int[np.ndarray, " n"], query: int) -> Bool[np.ndarray, " m"]:
    others = np.arange(len(label)) != query
    hit = label[others] == label[query]
    return hit[worst_first(unit[others] @ unit[query], hit)]


def _places(hit: Bool[np.ndarray, " n"], relevant: int) -> Int[np.ndarray, " hits"]:
    places = np.flatnonzero(hit)
    if relevant < max(1, len(places)):
        raise ValueError(f"{relevant} relevant in all, but {len(places)} hits; wanted at least as many and 1")
    return places
