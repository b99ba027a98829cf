import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.grouped_cosface import GroupedCosface, grouped_cosface

pytestmark = pytest.mark.torch

GROUP = torch.tensor([0, 0, 0, 1, 1])
LABEL = torch.tensor([0, 2, 3, 4, 4, 1])


def _cosines() -> torch.Tensor:
    return torch.rand(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_equals_the_formula_written_as_loops() -> None:
    cosine = _cosines()
    total = 0.0
    for row, own in zip(cosine.tolist(), LABEL.tolist(), strict=True):
        group = [k for k in range(5) if GROUP[k] == GROUP[own]]
        power = {k: math.exp(20.0 * (row[k] - (0.1 if k == own else 0.0))) for k in group}
        total -= math.log(power[own] / sum(power.values()))
    got = grouped_cosface(cosine, LABEL, GROUP, scale=20.0, margin=0.1)
    assert float(got) == pytest.approx(total / 6, rel=1e-10)


def test_one_group_and_no_margin_is_the_softmax() -> None:
    cosine = _cosines()
    got = grouped_cosface(cosine, LABEL, torch.zeros(5, dtype=torch.int64), scale=3.0, margin=0.0)
    torch.testing.assert_close(got, functional.cross_entropy(3.0 * cosine, LABEL))


def test_another_group_changes_nothing() -> None:
    cosine, moved = _cosines(), _cosines()
    moved[:, 3:][GROUP[LABEL] == 0] += 5.0
    got, wanted = (grouped_cosface(c, LABEL, GROUP, scale=20.0, margin=0.1) for c in (moved, cosine))
    torch.testing.assert_close(got, wanted)


def test_a_class_alone_in_its_group_costs_nothing() -> None:
    got = grouped_cosface(torch.rand(2, 2), torch.tensor([0, 1]), torch.tensor([0, 1]), scale=20.0, margin=0.1)
    assert float(got) == 0.0


def test_gradients_of_descriptors_and_centres_are_right() -> None:
    generator = torch.Generator().manual_seed(1)
    z = functional.normalize(torch.randn(6, 4, dtype=torch.float64, generator=generator))
    centres = torch.randn(5, 4, dtype=torch.float64, generator=generator)

    def loss(x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        cosine = x @ functional.normalize(c).T
        return grouped_cosface(cosine, LABEL, GROUP, scale=5.0, margin=0.1)

    assert torch.autograd.gradcheck(loss, (z.requires_grad_(), centres.requires_grad_()))


def test_descriptors_at_their_centres_cost_little_and_the_centres_learn() -> None:
    centres = torch.eye(5)
    loss = GroupedCosface(3.0 * centres, GROUP, scale=20.0, margin=0.1)
    at_home, away = loss(centres[LABEL], LABEL), loss(centres[(LABEL + 1) % 3], LABEL)
    assert at_home.item() < 1e-6 < away.item()
    away.backward()
    assert loss.centres.grad is not None
