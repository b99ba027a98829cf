import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from lynkeus.losses.sscd import SscdLoss, entropy, entropy_of_nearest, info_nce

pytestmark = pytest.mark.torch

PICTURE = torch.tensor([0, 0, 1, 1, 2, 2])


def _descriptors(n: int = 6, dim: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return functional.normalize(torch.randn(n, dim, dtype=torch.float64, generator=generator))


def _slow_nce(z: np.ndarray, picture: list[int], temperature: float, past: np.ndarray) -> float:
    total = 0.0
    for i, own in enumerate(picture):
        strangers = [math.exp(z[i] @ z[k] / temperature) for k, other in enumerate(picture) if other != own]
        strangers += [math.exp(z[i] @ p / temperature) for p in past]
        for j, other in enumerate(picture):
            if other == own and j != i:
                pull = math.exp(z[i] @ z[j] / temperature)
                total -= math.log(pull / (pull + sum(strangers) + 1e-6))
    return total / len(picture)


def _masks(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    same = picture[:, None] == picture[None, :]
    return same & ~torch.eye(len(picture), dtype=torch.bool), ~same


@pytest.mark.parametrize("picture", [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]])
def test_nce_equals_the_formula_written_as_loops(picture: list[int]) -> None:
    z = _descriptors()
    positive, stranger = _masks(torch.tensor(picture))
    got = info_nce(z @ z.T, positive, stranger, temperature=0.05)
    assert float(got) == pytest.approx(_slow_nce(z.numpy(), picture, 0.05, np.zeros((0, 4))), rel=1e-10)


def test_entropy_of_the_golden_line() -> None:
    nearest = torch.tensor([0.9, 0.2], dtype=torch.float64)
    assert float(entropy_of_nearest(nearest)) == pytest.approx(0.284859, abs=1e-6)


def test_entropy_takes_the_nearest_view_of_another_picture() -> None:
    similarity = torch.tensor(
        [[1.0, 0.99, 0.9, 0.1], [0.99, 1.0, 0.2, 0.1], [0.9, 0.2, 1.0, 0.98], [0.1, 0.1, 0.98, 1.0]]
    )
    _, stranger = _masks(torch.tensor([0, 0, 1, 1]))
    wanted = entropy_of_nearest(torch.tensor([0.9, 0.2, 0.9, 0.1]))
    torch.testing.assert_close(entropy(similarity, stranger), wanted)


def test_entropy_of_two_equal_strangers_is_finite_and_so_is_its_gradient() -> None:
    similarity = torch.ones(2, 2, requires_grad=True)
    loss = entropy(similarity, torch.tensor([[False, True], [True, False]]))
    loss.backward()
    assert similarity.grad is not None
    assert math.isfinite(loss.item())
    assert bool(torch.isfinite(similarity.grad).all())


def test_the_order_of_the_views_does_not_matter() -> None:
    z, order = _descriptors(), torch.tensor([4, 2, 0, 5, 1, 3])
    loss = SscdLoss(dim=4, temperature=0.1, entropy_weight=3.0, memory=0)
    torch.testing.assert_close(loss(z, PICTURE).total, loss(z[order], PICTURE[order]).total)


def test_gradients_are_right() -> None:
    loss = SscdLoss(dim=4, temperature=0.2, entropy_weight=3.0, memory=0)

    def total(x: torch.Tensor) -> torch.Tensor:
        return loss(functional.normalize(x), PICTURE).total

    assert torch.autograd.gradcheck(total, (_descriptors().requires_grad_(),))


def test_remembered_descriptors_are_strangers_but_for_the_same_picture() -> None:
    z = _descriptors()
    past = _descriptors(9)[6:]
    loss = SscdLoss(dim=4, temperature=0.1, entropy_weight=0.0, memory=8).double()
    loss.memory.remember(past, torch.tensor([7, 8, 9]))
    wanted = _slow_nce(z.numpy(), PICTURE.tolist(), 0.1, past.numpy())
    assert float(loss(z, PICTURE).total) == pytest.approx(wanted, rel=1e-10)


def test_a_remembered_view_of_the_same_picture_is_neither_pulled_nor_pushed() -> None:
    z = _descriptors()
    plain = SscdLoss(dim=4, temperature=0.1, entropy_weight=2.0, memory=0)
    loss = SscdLoss(dim=4, temperature=0.1, entropy_weight=2.0, memory=8).double()
    loss.memory.remember(z[[0, 0]], torch.tensor([0, 0]))
    picture = torch.tensor([0, 0, 0, 0, 0, 1])
    got, without = loss(z, picture), plain(z, picture)
    torch.testing.assert_close(got.nce, without.nce)


def test_memory_drops_the_oldest() -> None:
    loss = SscdLoss(dim=4, temperature=0.1, entropy_weight=0.0, memory=4).double()
    z = _descriptors()
    loss.memory.remember(z[:3], torch.tensor([1, 2, 3]))
    loss.memory.remember(z[3:6], torch.tensor([4, 5, 6]))
    assert loss.memory.pictures.tolist() == [5, 6, 3, 4]
    torch.testing.assert_close(loss.memory.descriptors, z[[4, 5, 2, 3]])


def test_no_memory_is_the_plain_objective() -> None:
    z = _descriptors()
    loss = SscdLoss(dim=4, temperature=0.05, entropy_weight=30.0, memory=0)
    loss.memory.remember(z, PICTURE)
    terms = loss(z, PICTURE)
    _, stranger = _masks(PICTURE)
    wanted = _slow_nce(z.numpy(), PICTURE.tolist(), 0.05, np.zeros((0, 4)))
    wanted += 30.0 * float(entropy(z @ z.T, stranger))
    assert float(terms.total) == pytest.approx(wanted, rel=1e-10)
