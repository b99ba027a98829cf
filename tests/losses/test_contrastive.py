import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.contrastive import ContrastiveLoss, contrastive, pair_distance

pytestmark = pytest.mark.torch

SAME = torch.tensor([True, False, True, False, True, False])


def _pairs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(6, 4, dtype=torch.float64, generator=generator) for _ in range(2))
    return functional.normalize(first), functional.normalize(second)


@pytest.mark.parametrize(
    ("distance", "same", "wanted"), [(0.5, True, 0.0), (1.0, True, 0.02), (1.0, False, 0.02), (1.3, False, 0.0)]
)
def test_golden_pairs_of_the_double_margin(distance: float, same: bool, wanted: float) -> None:  # noqa: FBT001
    got = contrastive(torch.tensor([distance], dtype=torch.float64), torch.tensor([same]), pull=0.8, push=1.2)
    assert float(got) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(("pull", "push"), [(0.0, 1.0), (0.0, 1.9), (0.8, 1.2), (0.5, 1.4)])
def test_equals_the_formula_written_as_loops(pull: float, push: float) -> None:
    first, second = _pairs()
    total = 0.0
    for a, b, same in zip(first.tolist(), second.tolist(), SAME.tolist(), strict=True):
        d = math.sqrt(sum((abs(x - y) + 1e-6) ** 2 for x, y in zip(a, b, strict=True)))
        total += 0.5 * (max(d - pull, 0) ** 2 if same else max(push - d, 0) ** 2)
    got = ContrastiveLoss(pull=pull, push=push)(first, second, SAME)
    assert float(got) == pytest.approx(total / 6, rel=1e-10)


def test_pull_zero_is_the_single_margin() -> None:
    distance = pair_distance(*_pairs())
    single = torch.where(SAME, distance**2, (1.0 - distance).clamp(min=0.0) ** 2).mean() / 2
    torch.testing.assert_close(contrastive(distance, SAME, pull=0.0, push=1.0), single)


def test_pairs_between_the_margins_cost_nothing_and_a_far_stranger_neither() -> None:
    distance = torch.tensor([0.0, 0.79, 1.21, 2.0])
    same = torch.tensor([True, True, False, False])
    assert float(contrastive(distance, same, pull=0.8, push=1.2)) == 0.0


def test_gradients_are_right() -> None:
    first, second = _pairs()

    def loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return ContrastiveLoss()(a, b, SAME)

    assert torch.autograd.gradcheck(loss, (first.requires_grad_(), second.requires_grad_()))


def test_equal_descriptors_have_a_finite_gradient() -> None:
    one = _pairs()[0].requires_grad_()
    ContrastiveLoss(pull=0.0, push=1.0)(one, one.detach().clone(), SAME).backward()
    assert one.grad is not None
    assert bool(torch.isfinite(one.grad).all())


@pytest.mark.parametrize(("pull", "push"), [(1.2, 1.2), (1.3, 1.2), (-0.1, 1.2)])
def test_refuses_margins_that_ask_for_the_impossible(pull: float, push: float) -> None:
    with pytest.raises(ValueError, match="0 <= pull < push"):
        ContrastiveLoss(pull=pull, push=push)
