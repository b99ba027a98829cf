import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.eql_v2 import EqlV2, eql_scores, push_weight

pytestmark = pytest.mark.torch

GOLDEN = torch.tensor([[1.0, -1.0, 0.5], [0.2, -0.3, 2.0]], dtype=torch.float64)
GOLDEN_LABEL = torch.tensor([0, 2])
LABEL = torch.tensor([0, 3, 2, 3, 0, 3])


def _logits(seed: int = 0) -> torch.Tensor:
    return 2.0 * torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("ratio", "push", "pull"),
    [
        (0.0, 6.8e-05, 4.9997),
        (0.5, 0.026597, 4.8936),
        (0.8, 0.5, 3.0),
        (1.0, 0.916827, 1.3327),
        (1.5, 0.999775, 1.0009),
    ],
)
def test_golden_weights(ratio: float, push: float, pull: float) -> None:
    got = float(push_weight(torch.tensor([ratio], dtype=torch.float64), gamma=12.0, mu=0.8))
    assert got == pytest.approx(push, abs=6e-7)
    assert 1 + 4 * (1 - got) == pytest.approx(pull, abs=6e-5)


def test_golden_step_and_the_same_batch_again() -> None:
    loss = EqlV2(classes=2).double()
    assert float(loss(GOLDEN, GOLDEN_LABEL)) == pytest.approx(1.540011, abs=1e-6)
    assert loss.pulled.tolist() == pytest.approx([0.268941, 0.0], abs=1e-6)
    assert loss.pushed.tolist() == pytest.approx([0.549834, 0.694499], abs=1e-6)
    assert loss.ratio.tolist() == pytest.approx([0.489132, 0.0], abs=1e-6)
    assert float(loss(GOLDEN, GOLDEN_LABEL)) == pytest.approx(1.328359, abs=1e-6)


def test_equals_the_formula_written_as_loops_over_steps() -> None:
    loss = EqlV2(classes=3, gamma=5.0, mu=0.6, alpha=3.0).double()
    pulled, pushed, ratio = [0.0] * 3, [0.0] * 3, [100.0] * 3
    for seed in range(4):
        logits = _logits(seed)
        low = [1 / (1 + math.exp(-5.0 * (r - 0.6))) for r in ratio] + [1.0]
        total = 0.0
        for row, own in zip(logits.tolist(), LABEL.tolist(), strict=True):
            for j, z in enumerate(row):
                p = 1 / (1 + math.exp(-z))
                weight = 1 + 3.0 * (1 - low[j]) if j == own else low[j]
                total -= weight * math.log(p if j == own else 1 - p)
                if j < 3:
                    pulled[j] += weight * (1 - p) * (j == own)
                    pushed[j] += weight * p * (j != own)
        ratio = [a / (b + 1e-10) for a, b in zip(pulled, pushed, strict=True)]
        assert float(loss(logits, LABEL)) == pytest.approx(total / 6, rel=1e-10)
        assert loss.ratio.tolist() == pytest.approx(ratio, rel=1e-10)


def test_equal_weights_are_the_plain_sigmoid_loss() -> None:
    loss = EqlV2(classes=3).double()
    wanted = functional.binary_cross_entropy_with_logits(_logits(), functional.one_hot(LABEL, 4).double())
    torch.testing.assert_close(loss(_logits(), LABEL), 4 * wanted)


def test_a_class_that_never_was_positive_is_hardly_pushed() -> None:
    loss = EqlV2(classes=3).double()
    loss(_logits(), LABEL)
    logits = _logits(1).requires_grad_()
    loss(logits, LABEL).backward()
    assert logits.grad is not None
    bare = logits.detach().sigmoid() / 6
    torch.testing.assert_close(logits.grad[:, 1], float(push_weight(torch.zeros(1), gamma=12.0, mu=0.8)) * bare[:, 1])


def test_resuming_from_a_checkpoint_goes_on_with_the_sums() -> None:
    whole, before, after = (EqlV2(classes=3).double() for _ in range(3))
    for seed in range(2):
        whole(_logits(seed), LABEL)
        before(_logits(seed), LABEL)
    assert set(before.state_dict()) == {"pulled", "pushed", "ratio"}
    after.load_state_dict(before.state_dict())
    torch.testing.assert_close(after(_logits(2), LABEL), whole(_logits(2), LABEL))
    assert float(EqlV2(classes=3).double()(_logits(2), LABEL)) != pytest.approx(float(whole(_logits(2), LABEL)))


def test_measuring_leaves_the_sums_alone() -> None:
    loss = EqlV2(classes=3).eval()
    loss(_logits(), LABEL)
    assert not loss.pulled.any()
    assert loss.ratio.tolist() == [100.0] * 3


def test_a_score_is_that_of_the_class_and_not_of_the_background() -> None:
    z = _logits()
    for got, row in zip(eql_scores(z).tolist(), z.tolist(), strict=True):
        background = 1 / (1 + math.exp(-row[3]))
        assert got == pytest.approx([(1 - background) / (1 + math.exp(-x)) for x in row[:3]])
    assert not torch.allclose(eql_scores(z), z.softmax(dim=1)[:, :3], atol=0.05)


def test_gradients_are_right() -> None:
    loss = EqlV2(classes=3).double()
    loss(_logits(), LABEL)
    assert torch.autograd.gradcheck(loss.eval(), (_logits(1).requires_grad_(), LABEL))


def test_certain_logits_give_finite_losses_and_gradients() -> None:
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    loss = EqlV2(classes=1)(logits, torch.tensor([1, 0]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())
