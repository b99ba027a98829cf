import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lynkeus.losses.self_distillation import Prototypes, SelfDistillationLoss, self_distillation

pytestmark = pytest.mark.torch


def _scores(n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 5, dtype=torch.float64, generator=generator) * 2 - 1


def _loss(*, centre_momentum: float = 0.9) -> SelfDistillationLoss:
    return SelfDistillationLoss(
        prototypes=5, student_temperature=0.1, teacher_temperature=0.04, centre_momentum=centre_momentum
    ).double()


def _softmax(row: list[float]) -> list[float]:
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


def test_equals_the_formula_written_as_loops() -> None:
    student, teacher, centre = _scores(3, 0), _scores(3, 1), _scores(1, 2)[0]
    loss = _loss()
    loss.centre.copy_(centre)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        p = _softmax([(value - c) / 0.04 for value, c in zip(t, centre.tolist(), strict=True)])
        q = _softmax([value / 0.1 for value in s])
        total -= sum(a * math.log(b) for a, b in zip(p, q, strict=True))
    assert loss(student, teacher).loss.item() == pytest.approx(total / 3, rel=1e-10)


def test_gradients_are_right_and_none_reaches_the_teacher() -> None:
    loss, teacher = _loss(), _scores(3, 1).requires_grad_()

    def total(student: Tensor) -> Tensor:
        return loss(student, teacher).loss

    assert torch.autograd.gradcheck(total, (_scores(3, 0).requires_grad_(),))
    loss(_scores(3, 0).requires_grad_(), teacher).loss.backward()
    assert teacher.grad is None


def test_the_centre_is_a_moving_average_that_is_saved() -> None:
    loss, one, other = _loss(centre_momentum=0.75), _scores(3, 0), _scores(4, 1)
    loss.follow(one)
    loss.follow(other)
    wanted = 0.75 * 0.25 * one.mean(dim=0) + 0.25 * other.mean(dim=0)
    torch.testing.assert_close(loss.state_dict()["centre"], wanted)


def test_a_uniform_teacher_costs_a_uniform_student_log_k() -> None:
    terms = _loss()(torch.zeros(3, 5, dtype=torch.float64), torch.full((3, 5), 0.3, dtype=torch.float64))
    for value in terms:
        assert value.item() == pytest.approx(math.log(5), rel=1e-10)


def test_a_uniform_teacher_gives_a_confident_student_more_than_log_k() -> None:
    assert _loss()(_scores(3, 0), torch.zeros(3, 5, dtype=torch.float64)).loss.item() > math.log(5)


def test_the_centre_takes_away_what_all_views_share() -> None:
    student, teacher = _scores(3, 0), _scores(1, 1).repeat(3, 1)
    loss = _loss(centre_momentum=0.0)
    assert loss(student, teacher).spread.item() < math.log(5)
    loss.follow(teacher)
    assert loss(student, teacher).spread.item() == pytest.approx(math.log(5), rel=1e-10)


def test_a_sure_teacher_gives_the_plain_cross_entropy() -> None:
    student, label = _scores(3, 0), torch.tensor([4, 0, 2])
    target = functional.one_hot(label, 5).double()
    wanted = functional.cross_entropy(student / 0.1, label)
    torch.testing.assert_close(self_distillation(student, target, temperature=0.1), wanted)


def test_prototypes_give_cosines_whatever_their_length() -> None:
    prototypes = Prototypes(dim=4, count=5)
    descriptors = functional.normalize(torch.randn(3, 4))
    before = prototypes(descriptors)
    wanted = functional.cosine_similarity(descriptors[:, None], prototypes.weight[None], dim=2)
    torch.testing.assert_close(before, wanted)
    with torch.no_grad():
        prototypes.weight.mul_(3.0)
    torch.testing.assert_close(prototypes(descriptors), before)
