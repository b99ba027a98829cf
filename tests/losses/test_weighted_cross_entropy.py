import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.weighted_cross_entropy import WeightedCrossEntropy, inverse_frequency

pytestmark = pytest.mark.torch

COUNTS = (5, 500, 50, 20)
LABEL = torch.tensor([0, 2, 1, 3, 3, 1])


def _logits() -> torch.Tensor:
    return torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_equals_the_formula_written_as_loops() -> None:
    share = [1 / n for n in COUNTS]
    above = below = 0.0
    for row, own in zip(_logits().tolist(), LABEL.tolist(), strict=True):
        above -= share[own] * math.log(math.exp(row[own]) / sum(math.exp(z) for z in row))
        below += share[own]
    assert float(WeightedCrossEntropy(COUNTS)(_logits(), LABEL)) == pytest.approx(above / below, rel=1e-6)


def test_weights_sum_to_one_and_go_with_the_inverse_of_the_counts() -> None:
    weight = inverse_frequency(COUNTS)
    assert float(weight.sum()) == pytest.approx(1.0)
    torch.testing.assert_close(weight * torch.tensor(COUNTS), (weight * torch.tensor(COUNTS))[:1].expand(4))


def test_the_scale_of_the_weights_has_no_effect() -> None:
    raw = functional.cross_entropy(_logits(), LABEL, weight=100 * inverse_frequency(COUNTS))
    torch.testing.assert_close(WeightedCrossEntropy(COUNTS)(_logits(), LABEL), raw, rtol=1e-6, atol=0.0)


@pytest.mark.parametrize(("counts", "label"), [((7, 7, 7, 7), [0, 2, 1, 3, 3, 1]), (COUNTS, [2, 2, 2, 2, 2, 2])])
def test_equal_counts_or_a_batch_of_one_class_is_the_plain_loss(counts: tuple[int, ...], label: list[int]) -> None:
    wanted = functional.cross_entropy(_logits(), torch.tensor(label))
    torch.testing.assert_close(WeightedCrossEntropy(counts)(_logits(), torch.tensor(label)), wanted)


def test_gradients_are_right() -> None:
    assert torch.autograd.gradcheck(WeightedCrossEntropy(COUNTS), (_logits().requires_grad_(), LABEL))


@pytest.mark.parametrize("counts", [(3, 0), ()])
def test_refuses_a_class_without_a_picture(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        inverse_frequency(counts)
