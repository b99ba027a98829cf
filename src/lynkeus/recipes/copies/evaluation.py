"""Evaluation of a copy descriptor on pictures that did not train: an edited view of each picture is a query."""

import numpy as np
import torch
from jaxtyping import Float32

from lynkeus import augment as au
from lynkeus.data.cache import PictureCache
from lynkeus.data.views import squash
from lynkeus.metrics import micro_average_precision, recall_at_precision
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.report.laboratory.evaluation import Evaluation, Hit, Neighbours
from lynkeus.report.laboratory.retrieval import spread

_AT_A_TIME = 16  # pictures in one pass; limits memory
_SHEETS, _HITS = 12, 6  # queries on the sheet, and hits per query; chosen by eye


def evaluate_copies(
    model: CopyDescriptor, pictures: PictureCache, edit: au.Transform, *, side: int, seed: int
) -> Evaluation:
    """Figures over all pairs of an edited view and a picture, and the first hits of some views.

    Args:
        model: A trained model.
        pictures: Two or more pictures that did not train.
        edit: The edit that makes a query from a picture.
        side: Side of the squashed pictures, pixels.
        seed: Seed of the edits.
    """
    numbers = range(len(pictures))
    views = [edit(pictures[number], np.random.default_rng((seed, 2**31, number))) for number in numbers]
    alike = _described(model, views, side) @ _described(model, list(pictures), side).T
    own = np.eye(len(pictures), dtype=np.bool_)
    scores, hits = alike.astype(np.float64).ravel(), own.ravel()
    found = micro_average_precision(scores, hits, len(pictures))
    return Evaluation(
        figures={
            "micro-AP": found,
            "R@P90": recall_at_precision(scores, hits, len(pictures), precision=0.9).recall,
            "R@1": float((alike.argmax(axis=1) == np.arange(len(pictures))).mean()),
            "pictures": float(len(pictures)),
        },
        histograms=(spread(np.sqrt(np.maximum(2 - 2 * scores, 0)), hits, "an edited view and a picture"),),
        neighbours=tuple(_sheet(pictures, views, alike, query) for query in numbers[:: -(-len(pictures) // _SHEETS)]),
    )


@torch.no_grad()
def _described(model: CopyDescriptor, pictures: list[np.ndarray], side: int) -> Float32[np.ndarray, "n d"]:
    squares = np.stack([squash(rgb, side) for rgb in pictures])
    parts = [model(torch.from_numpy(squares[at : at + _AT_A_TIME])) for at in range(0, len(squares), _AT_A_TIME)]
    return torch.cat(parts).numpy()


def _sheet(pictures: PictureCache, views: list[np.ndarray], alike: np.ndarray, query: int) -> Neighbours:
    best = np.argsort(-alike[query], kind="stable")[:_HITS].tolist()
    return Neighbours(
        picture=views[query],
        label=pictures.paths[query],
        hits=tuple(
            Hit(
                picture=pictures[place],
                label=pictures.paths[place],
                score=float(alike[query, place]),
                right=place == query,
            )
            for place in best
        ),
    )
