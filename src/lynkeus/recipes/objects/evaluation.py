"""Evaluation of an object descriptor on held-out classes: each picture is a query for the other pictures."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from lynkeus.core import DataError
from lynkeus.data.classes import ClassPictures
from lynkeus.metrics.retrieval import leave_one_out
from lynkeus.models.backbones.efficientnet_lite import WIDTH
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.recipes.view_maps import ViewMaps, pooled
from lynkeus.report.laboratory.evaluation import Evaluation
from lynkeus.report.laboratory.retrieval import first_hits, pair_histogram

PUBLISHED = "published weights"


@torch.no_grad()
def evaluate_objects(
    models: Mapping[str, ObjectDescriptor],
    pictures: ClassPictures,
    maps: ViewMaps,
    *,
    held_out: frozenset[tuple[str, str]],
) -> Evaluation:
    """Mean average precision and R@1 of each set of classes, also of the unchanged published weights.

    Args:
        models: The models by stage, such as ``before training``; the first model has the published backbone, and the
            last model is the result.
        pictures: The pictures of all classes.
        maps: The maps of all pictures, from the trunk that all models share.
        held_out: Folder and name of the held-out classes.

    Raises:
        DataError: No held-out class exists.
    """
    asked = np.flatnonzero(~pictures.without(held_out))
    if not len(asked):
        raise DataError("no class is held out to evaluate on: train with --set measured_share=0.25")
    features = {when: torch.from_numpy(pooled(model, maps, asked)) for when, model in models.items()}
    first, *_ = features.values()
    vectors = {PUBLISHED: first[:, :WIDTH].numpy()} | {
        when: functional.normalize(model.project(features[when])).numpy() for when, model in models.items()
    }
    *_, last = vectors
    label = pictures.label[asked]
    folder = np.array([pictures.names[one][0] for one in label])
    figures: dict[str, float] = {}
    for name in dict.fromkeys(folder.tolist()):
        of_set = folder == name
        suffix = "" if name == "." else f" {name}"
        for when, rows in vectors.items():
            reached = leave_one_out(rows[of_set].astype(np.float64), label[of_set])
            then = "" if when == last else f", {when}"
            figures |= {f"mAP{suffix}{then}": reached.mean_ap, f"R@1{suffix}{then}": reached.rank[1]}
    return Evaluation(
        figures=figures,
        histograms=tuple(pair_histogram(rows, label, when) for when, rows in vectors.items()),
        neighbours=first_hits(
            vectors[last],
            label,
            np.unique(folder, return_inverse=True)[1].astype(np.int64),
            picture=lambda row: pictures.cache[int(asked[row])],
            name=lambda row: pictures.names[int(label[row])][1],
        ),
    )
