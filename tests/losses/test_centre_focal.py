import math

import pytest
import torch

from lynkeus.losses.centre_focal import CentreFocalLoss, centre_focal

pytestmark = pytest.mark.torch


def _maps() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logit = torch.randn(2, 3, 4, dtype=torch.float64, generator=generator) * 3
    wanted = torch.rand(2, 3, 4, dtype=torch.float64, generator=generator) * 0.9
    wanted[0, 1, 2] = wanted[1, 0, 0] = wanted[1, 2, 3] = 1.0
    return logit, wanted


def test_equals_the_formula_written_as_loops() -> None:
    logit, wanted = _maps()
    total = 0.0
    for x, y in zip(logit.flatten().tolist(), wanted.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-x))
        total -= (1 - p) ** 2 * math.log(p) if y == 1 else (1 - y) ** 4 * p**2 * math.log(1 - p)
    got = CentreFocalLoss()(logit, wanted)
    assert float(got) == pytest.approx(total / 3, rel=1e-10)


def test_without_exponents_it_is_the_cross_entropy() -> None:
    logit, wanted = _maps()
    sharp = (wanted == 1).to(logit)
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logit, sharp, reduction="sum") / 3
    torch.testing.assert_close(centre_focal(logit, sharp, alpha=0.0, beta=4.0), plain)


def test_gradients_are_right() -> None:
    logit, wanted = _maps()

    def loss(x: torch.Tensor) -> torch.Tensor:
        return CentreFocalLoss()(x, wanted)

    assert torch.autograd.gradcheck(loss, (logit.requires_grad_(),))


def test_certain_cells_give_finite_losses_and_gradients() -> None:
    logit = torch.tensor([[[200.0, -200.0, 200.0, -200.0]]], requires_grad=True)
    loss = CentreFocalLoss()(logit, torch.tensor([[[1.0, 1.0, 0.0, 0.0]]]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert logit.grad is not None
    assert bool(torch.isfinite(logit.grad).all())
    assert logit.grad[0, 0, 1] < 0 < logit.grad[0, 0, 2]


def test_a_map_without_a_centre_is_punished_for_what_it_shows() -> None:
    nothing = torch.zeros(1, 2, 2)
    low = CentreFocalLoss()(torch.full((1, 2, 2), -9.0), nothing)
    high = CentreFocalLoss()(torch.full((1, 2, 2), 3.0), nothing)
    assert low < 1e-6 < high
