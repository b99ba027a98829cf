"""What an object descriptor is worth on classes that did not train: each of their pictures asks for the others."""

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
    """Mean average precision and R@1 of each set of classes, also by the published weights as they are.

    Args:
        models: What to measure by when it is, such as ``before training``; the first has the published backbone, the
            last is the result.
        pictures: All classes.
        maps: Of their pictures, by the trunk of all of them.
        held_out: Folder and name of the classes that did not train.

    Raises:
        DataError: None of them is there.
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
        called = "" if name == "." else f" {name}"
        for when, rows in vectors.items():
            reached = leave_one_out(rows[of_set].astype(np.float64), label[of_set])
            then = "" if when == last else f", {when}"
            figures |= {f"mAP{called}{then}": reached.mean_ap, f"R@1{called}{then}": reached.rank[1]}
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
