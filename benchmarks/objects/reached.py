"""What the benchmarks of objects share: descriptors, how well they find each other, mean and deviation."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional

from lynkeus.metrics.retrieval import leave_one_out
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.recipes.view_maps import ViewMaps, pooled


@torch.no_grad()
def described(model: ObjectDescriptor, maps: ViewMaps, asked: np.ndarray) -> np.ndarray:
    """Descriptors of some pictures as they are."""
    return functional.normalize(model.project(torch.from_numpy(pooled(model, maps, asked)))).numpy()


def reached(vectors: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Mean average precision and rank 1, each picture asking for the others of its class."""
    found = leave_one_out(vectors.astype(np.float64), label)
    return {"mean_ap": round(found.mean_ap, 4), "rank_1": round(found.rank[1], 4)}


def spread(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation of each figure over some rows of them."""
    return {
        key: {"mean": mean(rows, key), "sd": round(float(np.std([row[key] for row in rows], ddof=1)), 4)}
        for key in rows[0]
    }


def mean(rows: Sequence[Mapping[str, float]] | Sequence[Mapping[str, int]], key: str) -> float:
    """Mean of a figure over some rows."""
    return round(float(np.mean([row[key] for row in rows])), 4)
