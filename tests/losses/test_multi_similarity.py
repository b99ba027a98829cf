import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.multi_similarity import MultiSimilarity, multi_similarity

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 1, 0, 2, 1, 0, 2, 3])


def _descriptors() -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return functional.normalize(torch.randn(8, 3, dtype=torch.float64, generator=generator))


def _slow(s: list[list[float]], label: list[int], *, alpha: float, beta: float, base: float, epsilon: float) -> float:
    total = 0.0
    for a, row in enumerate(s):
        positives = [row[k] for k in range(len(label)) if k != a and label[k] == label[a]]
        negatives = [row[k] for k in range(len(label)) if label[k] != label[a]]
        pulled = [x for x in positives if negatives and x - epsilon < max(negatives)]
        pushed = [x for x in negatives if positives and x + epsilon > min(positives)]
        total += math.log(1 + sum(math.exp(-alpha * (x - base)) for x in pulled)) / alpha
        total += math.log(1 + sum(math.exp(beta * (x - base)) for x in pushed)) / beta
    return total / len(label)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, math.inf])
@pytest.mark.parametrize(("alpha", "beta", "base"), [(2.0, 50.0, 0.5), (1.0, 4.0, 0.2)])
def test_equals_the_definition_written_as_loops(alpha: float, beta: float, base: float, epsilon: float) -> None:
    z = _descriptors()
    wanted = _slow((z @ z.T).tolist(), LABEL.tolist(), alpha=alpha, beta=beta, base=base, epsilon=epsilon)
    got = MultiSimilarity(alpha=alpha, beta=beta, base=base, epsilon=epsilon)(z, LABEL)
    assert float(got) == pytest.approx(wanted, rel=1e-10)


def test_an_exact_copy_of_the_anchor_is_still_its_positive() -> None:
    cosine = torch.tensor([[1.0, 1.0, 0.99], [1.0, 1.0, 0.99], [0.99, 0.99, 1.0]], dtype=torch.float64)
    options = {"alpha": 2.0, "beta": 50.0, "base": 0.5, "epsilon": 0.1}
    got = multi_similarity(cosine, torch.tensor([0, 0, 1]), **options)
    one = math.log(1 + math.exp(-1.0)) / 2 + math.log(1 + math.exp(50 * 0.49)) / 50
    assert float(got) == pytest.approx(2 * one / 3, rel=1e-10)


@pytest.mark.parametrize("label", [[0, 0, 0], [0, 1, 2]])
def test_a_batch_without_positives_or_without_negatives_costs_nothing(label: list[int]) -> None:
    z = _descriptors()[:3].requires_grad_()
    loss = MultiSimilarity()(z, torch.tensor(label))
    loss.backward()
    assert loss.item() == 0.0
    assert z.grad is not None
    assert not z.grad.any()


def test_order_does_not_matter() -> None:
    z, order = _descriptors(), torch.tensor([4, 2, 0, 7, 5, 1, 3, 6])
    torch.testing.assert_close(MultiSimilarity()(z[order], LABEL[order]), MultiSimilarity()(z, LABEL))


def test_gradients_are_right() -> None:
    loss = MultiSimilarity(alpha=2.0, beta=5.0)
    assert torch.autograd.gradcheck(loss, (_descriptors().requires_grad_(), LABEL))
