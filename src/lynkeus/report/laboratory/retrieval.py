"""Data that explains a descriptor's figures: distances of pairs, and the first hits of some pictures."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int64

from lynkeus.report.laboratory.evaluation import Histogram, Hit, Neighbours

_PAIRS, _BINS = 200_000, 40  # pairs and bins of a histogram; more pairs would not change the drawn curve
_QUERIES, _HITS = 12, 8  # rows and columns of a sheet; chosen by eye
_FARTHEST = 2**0.5  # the largest distance of two vectors of length 1 without negative numbers


def pair_histogram(vectors: Float[np.ndarray, "m d"], label: Int64[np.ndarray, " m"], name: str) -> Histogram:
    """Histogram of the distances of all pairs, or of a sample of 200,000 pairs when there are more.

    Args:
        vectors: One vector of length 1 per picture.
        label: Class of each picture.
        name: Title of the histogram.
    """
    distance, same = pair_distances(vectors, label)
    return spread(distance, same, name)


def pair_distances(
    vectors: Float[np.ndarray, "m d"], label: Int64[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " p"], Bool[np.ndarray, " p"]]:
    """Distance of each pair, and whether both pictures have one class; of a sample when there are over 200,000 pairs.

    Args:
        vectors: One vector of length 1 per picture.
        label: Class of each picture.
    """
    first, second = np.triu_indices(len(label), k=1)
    if len(first) > _PAIRS:
        chosen = np.random.default_rng(0).choice(len(first), _PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    squared = 2 - 2 * (vectors @ vectors.T)[first, second]
    return np.sqrt(np.maximum(squared, 0)), label[first] == label[second]


def spread(distance: Float[np.ndarray, " p"], same: Bool[np.ndarray, " p"], name: str) -> Histogram:
    """Histogram of distances with 40 bins, from 0 to the largest distance of vectors without negative numbers.

    Args:
        distance: Distance of each pair.
        same: Whether both pictures of a pair have one class.
        name: Title of the histogram.
    """
    edges = np.linspace(0.0, max(_FARTHEST, float(distance.max(initial=0.0))), _BINS + 1)
    counts = [np.histogram(distance[same == one], edges)[0].astype(np.int64) for one in (True, False)]
    return Histogram(name=name, edges=edges, same=counts[0], different=counts[1])


def first_hits(
    vectors: Float[np.ndarray, "m d"],
    label: Int64[np.ndarray, " m"],
    group: Int64[np.ndarray, " m"],
    *,
    picture: Callable[[int], np.ndarray],
    name: Callable[[int], str],
) -> tuple[Neighbours, ...]:
    """Queries spread evenly over the pictures, each with its first hits among the other pictures of its group.

    Args:
        vectors: One vector of length 1 per picture.
        label: Class of each picture.
        group: Group of each picture; a query only finds pictures of its own group.
        picture: Gives the RGB picture of a row.
        name: Gives the name of a row's class.
    """
    queries = np.unique(np.linspace(0, len(label) - 1, _QUERIES).round().astype(np.int64))
    rows: list[Neighbours] = []
    for query in queries.tolist():
        score = np.where(group == group[query], vectors @ vectors[query], -np.inf)
        score[query] = -np.inf
        best = [one for one in np.argsort(-score, kind="stable")[:_HITS].tolist() if np.isfinite(score[one])]
        hits = [
            Hit(picture=picture(one), label=name(one), score=float(score[one]), right=bool(label[one] == label[query]))
            for one in best
        ]
        rows.append(Neighbours(picture=picture(query), label=name(query), hits=tuple(hits)))
    return tuple(rows)
