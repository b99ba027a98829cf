import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.embedding_distillation import EmbeddingDistillation

pytestmark = pytest.mark.torch


def _vectors(dim: int, seed: int) -> torch.Tensor:
    return 3.0 * torch.randn(5, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_equals_the_formula_written_as_loops() -> None:
    student, teacher = _vectors(4, 0), _vectors(4, 1)
    total = 0.0
    for s, t in zip(student.tolist(), teacher.tolist(), strict=True):
        total += sum((a / math.hypot(*s) - b / math.hypot(*t)) ** 2 for a, b in zip(s, t, strict=True))
    got = EmbeddingDistillation(student=4, teacher=4, weight=2.5)(student, teacher)
    assert float(got) == pytest.approx(2.5 * total / 5, rel=1e-10)


def test_is_twice_one_minus_the_cosine() -> None:
    student, teacher = _vectors(4, 0), _vectors(4, 1)
    wanted = 2 * (1 - functional.cosine_similarity(student, teacher)).mean()
    torch.testing.assert_close(EmbeddingDistillation(student=4, teacher=4)(student, teacher), wanted)


def test_the_range_is_0_to_4_and_lengths_do_not_matter() -> None:
    loss, z = EmbeddingDistillation(student=4, teacher=4), _vectors(4, 0)
    assert float(loss(7.0 * z, z)) == pytest.approx(0.0, abs=1e-12)
    assert float(loss(-z, 2.0 * z)) == pytest.approx(4.0)


def test_the_teacher_gets_no_gradient_and_a_map_bridges_lengths() -> None:
    loss = EmbeddingDistillation(student=3, teacher=6).double()
    student, teacher = _vectors(3, 0).requires_grad_(), _vectors(6, 1).requires_grad_()
    loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert [tuple(p.shape) for p in loss.parameters()] == [(6, 3)]
    assert next(loss.parameters()).grad is not None


def test_equal_lengths_need_no_map() -> None:
    assert list(EmbeddingDistillation(student=4, teacher=4).parameters()) == []


@pytest.mark.parametrize("teacher", [4, 6])
def test_gradients_are_right(teacher: int) -> None:
    loss = EmbeddingDistillation(student=4, teacher=teacher).double()
    assert torch.autograd.gradcheck(loss, (_vectors(4, 0).requires_grad_(), _vectors(teacher, 1)))
