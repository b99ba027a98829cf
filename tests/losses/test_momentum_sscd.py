import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.momentum_sscd import MomentumSscdLoss
from lynkeus.losses.slow_copy import SlowCopy
from lynkeus.losses.sscd import entropy

pytestmark = pytest.mark.torch

PICTURE = torch.tensor([3, 5, 7])


def _unit(n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(n, 4, dtype=torch.float64, generator=generator))


def _loss(*, entropy_weight: float = 0.0, memory: int = 8) -> MomentumSscdLoss:
    return MomentumSscdLoss(dim=4, temperature=0.1, entropy_weight=entropy_weight, memory=memory).double()


def _slow_nce(queries: Tensor, keys: Tensor, past: list[Tensor]) -> float:
    total = 0.0
    for number, query in enumerate(queries):
        strangers = [key for other, key in enumerate(keys) if other != number] + past
        pull = math.exp(float(query @ keys[number]) / 0.1)
        push = sum(math.exp(float(query @ stranger) / 0.1) for stranger in strangers)
        total -= math.log(pull / (pull + push + 1e-6))
    return total / len(queries)


def test_equals_the_formula_written_as_loops() -> None:
    queries, keys = _unit(3, 0), _unit(3, 1)
    got = _loss()(queries, keys, PICTURE)
    assert got.total.item() == pytest.approx(_slow_nce(queries, keys, []), rel=1e-10)


def test_remembered_keys_are_strangers_but_for_those_of_the_same_picture() -> None:
    queries, keys, past = _unit(3, 0), _unit(3, 1), _unit(2, 2)
    loss = _loss()
    loss.memory.remember(past, torch.tensor([10, 11]))
    got = loss(queries, keys, PICTURE)
    assert got.nce.item() == pytest.approx(_slow_nce(queries, keys, list(past)), rel=1e-10)
    same = _loss()
    same.memory.remember(past[:1], PICTURE[:1])
    one = same(queries[:1], keys[:1], PICTURE[:1].clone())
    assert one.nce.item() == pytest.approx(_slow_nce(queries[:1], keys[:1], []), rel=1e-6, abs=1e-6)


def test_entropy_looks_at_keys_and_queries_of_other_pictures_in_the_batch() -> None:
    queries, keys = _unit(3, 0), _unit(3, 1)
    near = torch.cat((queries @ keys.T, queries @ queries.T), dim=1)
    other = ~torch.eye(3, dtype=torch.bool)
    wanted = entropy(near, torch.cat((other, other), dim=1))
    torch.testing.assert_close(_loss(entropy_weight=2.0)(queries, keys, PICTURE).entropy, wanted)


def test_a_common_turn_of_queries_keys_and_memory_changes_nothing() -> None:
    queries, keys, past = _unit(3, 0), _unit(3, 1), _unit(2, 2)
    turn, _ = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))
    plain, turned = _loss(entropy_weight=1.0), _loss(entropy_weight=1.0)
    plain.memory.remember(past, torch.tensor([10, 11]))
    turned.memory.remember(past @ turn, torch.tensor([10, 11]))
    one, other = plain(queries, keys, PICTURE), turned(queries @ turn, keys @ turn, PICTURE)
    torch.testing.assert_close(one.total, other.total)


def test_gradients_are_right() -> None:
    keys, loss = _unit(3, 1), _loss(entropy_weight=1.0)
    loss.memory.remember(_unit(2, 2), torch.tensor([10, 11]))

    def total(queries: Tensor) -> Tensor:
        return loss(functional.normalize(queries), keys, PICTURE).total

    assert torch.autograd.gradcheck(total, (_unit(3, 0).requires_grad_(),))


def test_memory_drops_the_oldest() -> None:
    loss, keys = _loss(memory=4), _unit(6, 0)
    loss.memory.remember(keys[:3], torch.tensor([1, 2, 3]))
    loss.memory.remember(keys[3:], torch.tensor([4, 5, 6]))
    assert loss.memory.pictures.tolist() == [5, 6, 3, 4]
    torch.testing.assert_close(loss.memory.descriptors, keys[[4, 5, 2, 3]])


def test_the_slow_copy_moves_its_share_of_the_way_and_learns_nothing_itself() -> None:
    fast = nn.Linear(2, 2)
    slow = SlowCopy(fast, nn.Linear(2, 2), momentum=0.75)
    start = fast.weight.detach().clone()
    fast.weight.data += 1.0
    slow.follow(fast)
    torch.testing.assert_close(slow.copy.weight, start + 0.25)
    assert not slow(torch.ones(1, 2)).requires_grad
    assert not any(weight.requires_grad for weight in slow.parameters())
