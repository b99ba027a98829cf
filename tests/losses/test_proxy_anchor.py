import math

import pytest
import torch

from lynkeus.losses.proxy_anchor import ProxyAnchor, proxy_anchor

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 2, 0, 4, 2, 2])


def _cosines() -> torch.Tensor:
    return torch.rand(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _slow(cosine: list[list[float]], label: list[int], alpha: float, delta: float) -> float:
    classes = len(cosine[0])
    pull = push = 0.0
    for p in range(classes):
        own = [row[p] for row, k in zip(cosine, label, strict=True) if k == p]
        others = [row[p] for row, k in zip(cosine, label, strict=True) if k != p]
        pull += math.log(1 + sum(math.exp(-alpha * (s - delta)) for s in own))
        push += math.log(1 + sum(math.exp(alpha * (s + delta)) for s in others))
    return pull / len(set(label)) + push / classes


@pytest.mark.parametrize(("alpha", "delta"), [(32.0, 0.1), (4.0, 0.0), (1.0, 0.5)])
def test_equals_the_formula_written_as_loops(alpha: float, delta: float) -> None:
    wanted = _slow(_cosines().tolist(), LABEL.tolist(), alpha, delta)
    assert float(proxy_anchor(_cosines(), LABEL, alpha=alpha, delta=delta)) == pytest.approx(wanted, rel=1e-10)


def test_order_does_not_matter() -> None:
    order = torch.tensor([5, 3, 0, 1, 4, 2])
    got, wanted = (
        proxy_anchor(c, k, alpha=8.0, delta=0.1) for c, k in ((_cosines()[order], LABEL[order]), (_cosines(), LABEL))
    )
    torch.testing.assert_close(got, wanted)


def test_gradients_of_descriptors_and_proxies_are_right() -> None:
    torch.manual_seed(0)
    loss = ProxyAnchor(dim=3, classes=5, alpha=4.0).double()
    z = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)

    def total(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(loss, {"centres.weight": weight}, (x, LABEL))

    assert torch.autograd.gradcheck(total, (z, loss.centres.weight.detach().clone().requires_grad_()))


def test_a_batch_of_all_classes_and_sharp_exponents_stays_finite() -> None:
    cosine = torch.tensor([[1.0, -1.0], [1.0, -1.0]], requires_grad=True)
    loss = proxy_anchor(cosine, torch.tensor([0, 1]), alpha=1000.0, delta=0.1)
    loss.backward()
    assert math.isfinite(loss.item())
    assert cosine.grad is not None
    assert bool(torch.isfinite(cosine.grad).all())
    assert cosine.grad[0, 1] >= 0 > cosine.grad[1, 1]
