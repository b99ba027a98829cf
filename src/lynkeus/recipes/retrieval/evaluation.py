"""Evaluation of a retrieval descriptor on held-out classes: figures, distances and first hits.

Conventions: every picture is a query for the other pictures of its class, among the unchanged pictures of its group's
part. Average precision has two definitions here: DeepFirearm's trapezoid, and the plain mean of the precisions at the
hits.
"""

import numpy as np
from jaxtyping import Float, Float32, Int64

from lynkeus.core import DataError, DivergedError
from lynkeus.index.reduction import fit_reduction
from lynkeus.metrics.retrieval import leave_one_out
from lynkeus.models.embedders import Embedder
from lynkeus.recipes.retrieval.data import Opened, SplitPictures
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.evaluation import Evaluation
from lynkeus.report.laboratory.retrieval import first_hits, pair_histogram

RANKS = (1, 2, 4, 8)  # ranks of the recall, as usual in metric learning


def evaluated(model: Embedder, opened: Opened, *, dim: int | None) -> Evaluation:
    """Evaluate a descriptor on the classes kept for the evaluation.

    Args:
        model: A trained model.
        opened: Pictures and maps.
        dim: Dimensions that a PCA keeps; None means no PCA.

    Raises:
        DataError: No class is kept for the evaluation.
    """
    split = opened.split
    numbers = split.of_part("test")
    if not len(numbers):
        raise DataError("no class is kept for evaluation")
    before, after = unit(pooled(opened.start, opened.maps, numbers)), unit(pooled(model, opened.maps, numbers))
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
        histograms=(pair_histogram(before, label, "before training"), pair_histogram(after, label, "after training")),
        neighbours=first_hits(
            after_pca,
            label,
            split.group[label],
            picture=lambda row: split.pictures.cache[int(numbers[row])],
            name=lambda row: split.pictures.names[int(label[row])][1],
        ),
    )


def measured(
    vectors: Float[np.ndarray, "m d"], split: SplitPictures, numbers: Int64[np.ndarray, " m"]
) -> dict[str, float]:
    """Figures of the vectors: the mean over the groups, each group evaluated separately.

    Args:
        vectors: One vector per picture.
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
    """Scale vectors to length 1.

    Raises:
        DivergedError: A vector is zero, because the training has zeroed every feature of a picture.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    if dead := int((~(length > 0)).sum()):
        raise DivergedError(f"{dead} of {len(vectors)} pictures have only zero features: train at a lower rate")
    return vectors / length
