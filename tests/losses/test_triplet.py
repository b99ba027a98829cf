import math
from itertools import permutations

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.triplet import Mining, TripletLoss, batch_hard, distances

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 1, 0, 2, 1, 0, 2, 3])


def _descriptors() -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return functional.normalize(torch.randn(8, 3, dtype=torch.float64, generator=generator))


def _triplets(d: list[list[float]], label: list[int]) -> list[tuple[int, float, float]]:
    """All triplets: anchor, distance to the positive, distance to the negative."""
    return [
        (a, d[a][p], d[a][n])
        for a, p, n in permutations(range(len(label)), 3)
        if label[a] == label[p] and label[a] != label[n]
    ]


def _slow(z: torch.Tensor, label: list[int], *, margin: float, mining: Mining) -> float:
    d = [[math.dist(a, b) for b in z.tolist()] for a in z.tolist()]
    triplets = _triplets(d, label)
    if mining == "semi_hard":
        losses = [p - n + margin for _, p, n in triplets if p < n < p + margin]
    else:
        anchors = {a for a, _, _ in triplets}
        losses = [max(0.0, *(p - n + margin for b, p, n in triplets if b == a)) for a in anchors]
    return sum(losses) / len(losses) if losses else 0.0


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
@pytest.mark.parametrize("margin", [0.05, 0.2, 1.0])
def test_equals_the_definition_over_all_triplets(mining: Mining, margin: float) -> None:
    z = _descriptors()
    wanted = _slow(z, LABEL.tolist(), margin=margin, mining=mining)
    assert wanted > 0
    got = TripletLoss(margin=margin, mining=mining)(z, LABEL)
    assert float(got) == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
def test_order_and_names_of_classes_do_not_matter(mining: Mining) -> None:
    z, order = _descriptors(), torch.tensor([4, 2, 0, 7, 5, 1, 3, 6])
    loss = TripletLoss(margin=0.3, mining=mining)
    torch.testing.assert_close(loss(z[order], 9 - LABEL[order]), loss(z, LABEL))


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
@pytest.mark.parametrize("label", [[0, 0, 0], [0, 1, 2]])
def test_a_batch_without_a_triplet_costs_nothing_and_has_a_gradient(mining: Mining, label: list[int]) -> None:
    z = _descriptors()[:3].requires_grad_()
    loss = TripletLoss(mining=mining)(z, torch.tensor(label))
    loss.backward()
    assert loss.item() == 0.0
    assert z.grad is not None
    assert not z.grad.any()


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
def test_gradients_are_right(mining: Mining) -> None:
    def loss(x: torch.Tensor) -> torch.Tensor:
        return TripletLoss(margin=0.4, mining=mining)(x, LABEL)

    assert torch.autograd.gradcheck(loss, (_descriptors().requires_grad_(),))


def test_batch_hard_takes_the_farthest_positive_and_the_nearest_stranger() -> None:
    distance = torch.tensor([[0.0, 0.2, 0.7, 0.9], [0.2, 0.0, 0.1, 0.4], [0.7, 0.1, 0.0, 1.5], [0.9, 0.4, 1.5, 0.0]])
    got = batch_hard(distance, torch.tensor([0, 0, 0, 1]), margin=0.1)
    assert float(got) == pytest.approx((0.0 + 0.0 + 0.0) / 3)
    got = batch_hard(distance, torch.tensor([0, 0, 0, 1]), margin=0.5)
    assert float(got) == pytest.approx((0.3 + 0.3 + 0.0) / 3)


def test_equal_descriptors_have_a_finite_gradient() -> None:
    z = torch.ones(4, 3, dtype=torch.float64).requires_grad_()
    assert not distances(z).any()
    loss = TripletLoss(margin=0.2)(z, torch.tensor([0, 0, 1, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(0.2)
    assert z.grad is not None
    assert bool(torch.isfinite(z.grad).all())


def test_refuses_a_margin_of_nothing() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TripletLoss(margin=0.0)
