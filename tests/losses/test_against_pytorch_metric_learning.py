"""Compares our losses with pytorch-metric-learning if it is installed; it is not a dependency."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lynkeus.losses.arcface import ArcFace
from lynkeus.losses.contrastive import contrastive
from lynkeus.losses.multi_similarity import MultiSimilarity
from lynkeus.losses.proxy_anchor import ProxyAnchor
from lynkeus.losses.triplet import TripletLoss, distances

pml: Any = pytest.importorskip(
    "pytorch_metric_learning", reason="pytorch-metric-learning is not installed: nothing to compare with"
)
losses: Any = pytest.importorskip("pytorch_metric_learning.losses")
miners: Any = pytest.importorskip("pytorch_metric_learning.miners")
reducers: Any = pytest.importorskip("pytorch_metric_learning.reducers")
pml_distances: Any = pytest.importorskip("pytorch_metric_learning.distances")

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 1, 0, 2, 1, 0, 2, 1, 3, 3])


def _descriptors(dim: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return functional.normalize(torch.randn(len(LABEL), dim, dtype=torch.float64, generator=generator))


def _same_value_and_gradient(ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor]) -> None:
    first, second = _descriptors().requires_grad_(), _descriptors().requires_grad_()
    got, wanted = ours(first), theirs(second)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-9)
    got.backward()
    wanted.backward()
    torch.testing.assert_close(first.grad, second.grad, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("pull", "push"), [(0.0, 1.0), (0.8, 1.2)])
def test_contrastive(pull: float, push: float) -> None:
    """Their loss does not square, so the test compares the root of each of our pairs, over all pairs of a batch."""
    first, second = torch.triu_indices(len(LABEL), len(LABEL), offset=1)
    distance = distances(_descriptors())[first, second]
    same = LABEL[first] == LABEL[second]
    ours = torch.stack(
        [contrastive(d[None], s[None], pull=pull, push=push) for d, s in zip(distance, same, strict=True)]
    )
    root = (2 * ours).sqrt()
    theirs = losses.ContrastiveLoss(
        pos_margin=pull,
        neg_margin=push,
        distance=pml_distances.LpDistance(normalize_embeddings=False),
        reducer=reducers.MeanReducer(),
    )(_descriptors(), LABEL)
    torch.testing.assert_close(root[same].mean() + root[~same].mean(), theirs)


@pytest.mark.parametrize("margin", [0.1, 0.5])
def test_triplet_semi_hard(margin: float) -> None:
    distance = pml_distances.LpDistance(normalize_embeddings=False)
    miner = miners.TripletMarginMiner(margin=margin, type_of_triplets="semihard", distance=distance)
    theirs = losses.TripletMarginLoss(margin=margin, distance=distance, reducer=reducers.MeanReducer())
    _same_value_and_gradient(
        lambda z: TripletLoss(margin=margin, mining="semi_hard")(z, LABEL),
        lambda z: theirs(z, LABEL, miner(z, LABEL)),
    )


@pytest.mark.parametrize("margin", [0.1, 0.5])
def test_triplet_batch_hard(margin: float) -> None:
    distance = pml_distances.LpDistance(normalize_embeddings=False)
    miner = miners.BatchHardMiner(distance=distance)
    theirs = losses.TripletMarginLoss(margin=margin, distance=distance, reducer=reducers.MeanReducer())
    _same_value_and_gradient(
        lambda z: TripletLoss(margin=margin)(z, LABEL), lambda z: theirs(z, LABEL, miner(z, LABEL))
    )


def test_arcface() -> None:
    torch.manual_seed(0)
    ours = ArcFace(dim=3, classes=4, scale=16.0, margin=0.5).double()
    theirs = losses.ArcFaceLoss(num_classes=4, embedding_size=3, margin=math.degrees(0.5), scale=16.0).double()
    with torch.no_grad():
        theirs.W.copy_(ours.centres.weight.T)
    _same_value_and_gradient(lambda z: ours(z, LABEL), lambda z: theirs(z, LABEL))


def test_proxy_anchor() -> None:
    torch.manual_seed(0)
    ours = ProxyAnchor(dim=3, classes=5).double()
    theirs = losses.ProxyAnchorLoss(num_classes=5, embedding_size=3, margin=0.1, alpha=32.0).double()
    with torch.no_grad():
        theirs.proxies.copy_(ours.centres.weight)
    _same_value_and_gradient(lambda z: ours(z, LABEL), lambda z: theirs(z, LABEL))


def test_multi_similarity() -> None:
    theirs, miner = losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5), miners.MultiSimilarityMiner(epsilon=0.1)
    _same_value_and_gradient(
        lambda z: MultiSimilarity()(functional.normalize(z), LABEL),
        lambda z: theirs(z, LABEL, miner(z, LABEL)),
    )
