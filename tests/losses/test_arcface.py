import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.angular_margin import add_angle
from lynkeus.losses.arcface import ArcFace, arcface_logits

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 2, 1, 4, 3, 1])


def _cosines() -> torch.Tensor:
    return torch.rand(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _turned(cosine: float, margin: float) -> float:
    theta = math.acos(cosine)
    return math.cos(theta + margin) if theta + margin < math.pi else cosine - margin * math.sin(math.pi - margin)


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5, 1.0])
def test_equals_the_formula_written_as_loops(margin: float) -> None:
    cosine = _cosines()
    cosine[1, 2] = -0.97
    total = 0.0
    for row, own in zip(cosine.tolist(), LABEL.tolist(), strict=True):
        logits = [10.0 * (_turned(c, margin) if k == own else c) for k, c in enumerate(row)]
        total -= logits[own] - math.log(sum(math.exp(z) for z in logits))
    got = functional.cross_entropy(arcface_logits(cosine, LABEL, scale=10.0, margin=margin), LABEL)
    assert float(got) == pytest.approx(total / 6, rel=1e-10)


def test_no_margin_is_the_softmax_over_cosines() -> None:
    torch.testing.assert_close(arcface_logits(_cosines(), LABEL, scale=7.0, margin=0.0), 7.0 * _cosines())


def test_adding_an_angle_falls_on_where_the_angle_would_pass_half_a_turn() -> None:
    cosine = torch.linspace(-1.0, 1.0, 401, dtype=torch.float64)
    turned = add_angle(cosine, 0.5)
    assert bool((turned.diff() > 0).all())
    assert bool((turned < cosine).all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cosines_of_one_and_beyond_by_rounding_have_finite_gradients(dtype: torch.dtype) -> None:
    cosine = torch.tensor([1.0, 1.0 + 1e-6, -1.0, -1.0 - 1e-6], dtype=dtype, requires_grad=True)
    turned = add_angle(cosine, 0.5)
    turned.sum().backward()
    assert cosine.grad is not None
    assert bool(torch.isfinite(turned).all())
    assert bool(torch.isfinite(cosine.grad).all())


def test_gradients_of_descriptors_and_centres_are_right() -> None:
    torch.manual_seed(0)
    loss = ArcFace(dim=3, classes=5, scale=8.0).double()
    z = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)

    def total(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(loss, {"centres.weight": weight}, (x, LABEL))

    assert torch.autograd.gradcheck(total, (z, loss.centres.weight.detach().clone().requires_grad_()))


def test_lengths_do_not_matter_and_the_own_centre_is_best() -> None:
    loss = ArcFace(dim=5, classes=5, scale=30.0)
    with torch.no_grad():
        loss.centres.weight.copy_(3.0 * torch.eye(5))
    at_home, away = loss(torch.eye(5)[LABEL], LABEL), loss(torch.eye(5)[(LABEL + 1) % 5], LABEL)
    assert at_home.item() < 1e-6 < away.item()
    torch.testing.assert_close(loss(9.0 * torch.eye(5)[LABEL], LABEL), at_home)
