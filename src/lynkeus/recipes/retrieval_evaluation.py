"""What a retrieval descriptor is worth on classes that it has not seen: figures, distances, first hits.

Conventions: every picture asks for the others of its class among the pictures of its group's part, one plain view each.
Average precision is given by both names: DeepFirearm's trapezoid, and the plain mean of the precisions at the hits.
"""

import numpy as np
from jaxtyping import Float, Float32, Int64

from lynkeus.core import DataError, DivergedError
from lynkeus.data.cache import reduce_to
from lynkeus.index.reduction import fit_reduction
from lynkeus.metrics.retrieval import leave_one_out
from lynkeus.models.embedders import Embedder
from lynkeus.recipes.retrieval_data import Opened, SplitPictures
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.evaluation import Evaluation, Histogram, Hit, Neighbours

RANKS = (1, 2, 4, 8)
_QUERIES, _HITS = 12, 8
_PAIRS, _BINS, _SIDE = 200_000, 40, 192
_FARTHEST = 2**0.5


def evaluated(model: Embedder, opened: Opened, *, dim: int | None) -> Evaluation:
    """All that is shown of a descriptor, on the classes kept for measuring.

    Args:
        model: Trained.
        opened: Pictures and maps.
        dim: Numbers that a PCA keeps; None has none.

    Raises:
        DataError: No class is kept for measuring.
    """
    split = opened.split
    numbers = split.of_part("test")
    if not len(numbers):
        raise DataError("no class is kept for measuring")
    before, after = unit(opened.maps.plain[numbers]), unit(pooled(model, opened.maps, numbers))
    figures = measured(after, split, numbers)
    if dim is not None:
        known = split.of_part("train")
        reduction = fit_reduction(unit(pooled(model, opened.maps, known)), dim)
        figures |= {f"{name}, PCA {dim}": value for name, value in measured(reduction(after), split, numbers).items()}
        after_pca = reduction(after)
    else:
        after_pca = after
    figures |= {f"{name}, before training": value for name, value in measured(before, split, numbers).items()}
    figures["pictures left out"] = float(len(split.left_out))
    label = split.pictures.label[numbers]
    return Evaluation(
        figures=figures,
        histograms=(histogram(before, label, "before training"), histogram(after, label, "after training")),
        neighbours=_neighbours(after_pca, split, numbers),
    )


def measured(
    vectors: Float[np.ndarray, "m d"], split: SplitPictures, numbers: Int64[np.ndarray, " m"]
) -> dict[str, float]:
    """Figures of some pictures' vectors, each group apart, the mean over the groups.

    Args:
        vectors: One a picture.
        split: The classes.
        numbers: The pictures.
    """
    group = split.group[split.pictures.label[numbers]]
    rows = [
        leave_one_out(vectors[group == one].astype(np.float64), split.pictures.label[numbers][group == one])
        for one in np.unique(group)
    ]
    return {
        "mAP (trapezoid)": float(np.mean([row.mean_ap_trapezoid for row in rows])),
        "mAP (plain)": float(np.mean([row.mean_ap for row in rows])),
        **{f"R@{k}": float(np.mean([row.rank[k] for row in rows])) for k in RANKS},
    }


def unit(vectors: Float32[np.ndarray, "m d"]) -> Float32[np.ndarray, "m d"]:
    """Vectors at length 1.

    Raises:
        DivergedError: Some have no length: the training has put out every feature of a picture.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    if dead := int((~(length > 0)).sum()):
        raise DivergedError(f"{dead} of {len(vectors)} pictures have no feature left: train at a lower rate")
    return vectors / length


def histogram(vectors: Float32[np.ndarray, "m d"], label: Int64[np.ndarray, " m"], name: str) -> Histogram:
    """How the distances of all pairs are spread, of a sample where there are more than 200,000.

    Args:
        vectors: Of length 1.
        label: Class of each.
        name: What they are.
    """
    distance, same = pair_distances(vectors, label)
    edges = np.linspace(0.0, max(_FARTHEST, float(distance.max(initial=0.0))), _BINS + 1)
    counts = [np.histogram(distance[same == one], edges)[0].astype(np.int64) for one in (True, False)]
    return Histogram(name=name, edges=edges, same=counts[0], different=counts[1])


def pair_distances(
    vectors: Float32[np.ndarray, "m d"], label: Int64[np.ndarray, " m"]
) -> tuple[Float32[np.ndarray, " p"], np.ndarray]:
    """Distance of each pair, and whether it is of one class; of a sample where there are more than 200,000."""
    first, second = np.triu_indices(len(label), k=1)
    if len(first) > _PAIRS:
        chosen = np.random.default_rng(0).choice(len(first), _PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    squared = 2 - 2 * (vectors @ vectors.T)[first, second]
    return np.sqrt(np.maximum(squared, 0)), label[first] == label[second]


def _neighbours(
    vectors: Float32[np.ndarray, "m d"], split: SplitPictures, numbers: Int64[np.ndarray, " m"]
) -> tuple[Neighbours, ...]:
    """Queries spread evenly over the pictures, and what each finds first."""
    label = split.pictures.label[numbers]
    group = split.group[label]
    queries = np.unique(np.linspace(0, len(numbers) - 1, _QUERIES).round().astype(np.int64))
    rows: list[Neighbours] = []
    for query in queries.tolist():
        score = vectors @ vectors[query]
        score[group != group[query]] = -np.inf
        score[query] = -np.inf
        best = np.argsort(-score, kind="stable")[:_HITS]
        hits = tuple(
            Hit(
                picture=_picture(split, int(numbers[one])),
                label=_name(split, int(label[one])),
                score=float(score[one]),
                right=bool(label[one] == label[query]),
            )
            for one in best.tolist()
            if np.isfinite(score[one])
        )
        rows.append(
            Neighbours(picture=_picture(split, int(numbers[query])), label=_name(split, int(label[query])), hits=hits)
        )
    return tuple(rows)


def _picture(split: SplitPictures, number: int) -> np.ndarray:
    return reduce_to(split.pictures.cache[number], _SIDE)


def _name(split: SplitPictures, label: int) -> str:
    return split.pictures.names[label][1]
