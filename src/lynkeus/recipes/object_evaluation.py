"""What an object descriptor is worth on classes that did not train: each of their pictures asks for the others."""

import numpy as np
import torch
from torch.nn import functional

from lynkeus.core import DataError
from lynkeus.data.classes import ClassPictures
from lynkeus.metrics.retrieval import leave_one_out
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.recipes.view_maps import ViewMaps, pooled
from lynkeus.report.laboratory.evaluation import Evaluation
from lynkeus.report.laboratory.retrieval import first_hits, pair_histogram


@torch.no_grad()
def evaluate_objects(
    models: tuple[ObjectDescriptor, ObjectDescriptor],
    pictures: ClassPictures,
    maps: ViewMaps,
    *,
    held_out: frozenset[tuple[str, str]],
) -> Evaluation:
    """Mean average precision and R@1 of each set of classes, before training and after.

    Args:
        models: Before training, whitened already, and after.
        pictures: All classes.
        maps: Of their pictures, by the trunk of both.
        held_out: Folder and name of the classes that did not train.

    Raises:
        DataError: None of them is there.
    """
    asked = np.flatnonzero(~pictures.without(held_out))
    if not len(asked):
        raise DataError("no class is held out to evaluate on: train with --set held_out=[[FOLDER,CLASS],...]")
    plain, described = (
        functional.normalize(model.project(torch.from_numpy(pooled(model, maps, asked)))).numpy() for model in models
    )
    label = pictures.label[asked]
    folder = np.array([pictures.names[one][0] for one in label])
    figures: dict[str, float] = {}
    for name in dict.fromkeys(folder.tolist()):
        of_set = folder == name
        for when, vectors in ((", before training", plain), ("", described)):
            reached = leave_one_out(vectors[of_set].astype(np.float64), label[of_set])
            figures |= {f"mAP {name}{when}": reached.mean_ap, f"R@1 {name}{when}": reached.rank[1]}
    return Evaluation(
        figures=figures,
        histograms=(
            pair_histogram(plain, label, "before training"),
            pair_histogram(described, label, "after training"),
        ),
        neighbours=first_hits(
            described,
            label,
            np.unique(folder, return_inverse=True)[1].astype(np.int64),
            picture=lambda row: pictures.cache[int(asked[row])],
            name=lambda row: pictures.names[int(label[row])][1],
        ),
    )
