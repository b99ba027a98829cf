import pytest
import torch
from torch.nn import functional

from lynkeus.losses.arcface import arcface_logits
from lynkeus.losses.curricular import CurricularFace, Curriculum, curricular_logits

pytestmark = pytest.mark.torch

LABEL = torch.tensor([0, 2, 1, 4, 3, 1])


def _cosines() -> torch.Tensor:
    return torch.rand(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


def _golden(own: float, *, t: float) -> tuple[torch.Tensor, Curriculum]:
    curriculum = Curriculum().double()
    curriculum.t = torch.tensor(t, dtype=torch.float64)
    cosine = torch.tensor([[own, 0.35, 0.1, -0.2]], dtype=torch.float64)
    return curriculum(cosine, torch.tensor([0])), curriculum


def test_golden_logits_and_loss() -> None:
    logits, curriculum = _golden(0.6, t=0.3)
    assert logits[0].tolist() == pytest.approx([9.1526, 14.6272, 6.4, -12.8], abs=1e-4)
    assert float(curriculum.t) == pytest.approx(0.303, abs=1e-12)
    assert float(functional.cross_entropy(logits, torch.tensor([0]))) == pytest.approx(5.479066, abs=1e-6)


def test_golden_logits_where_the_angle_would_pass_half_a_turn() -> None:
    logits, curriculum = _golden(-0.95, t=0.3)
    assert logits[0].tolist() == pytest.approx([-76.1416, 14.28, 2.48, -1.12], abs=1e-4)
    assert float(curriculum.t) == pytest.approx(0.2875, abs=1e-12)


def test_a_stranger_as_near_as_the_own_class_is_not_yet_hard() -> None:
    cosine = torch.tensor([[0.6, 0.5, 0.5]], dtype=torch.float64)
    logits = curricular_logits(cosine, torch.tensor([1]), torch.tensor(0.9), scale=1.0, margin=0.0)
    assert logits[0].tolist() == pytest.approx([0.6 * (0.9 + 0.6), 0.5, 0.5])


def test_without_hard_strangers_it_is_arcface() -> None:
    cosine = _cosines() * 0.1
    cosine[torch.arange(6), LABEL] = 0.95
    got = curricular_logits(cosine, LABEL, torch.tensor(0.7), scale=8.0, margin=0.5)
    torch.testing.assert_close(got, arcface_logits(cosine, LABEL, scale=8.0, margin=0.5))


def test_the_running_mean_is_kept_without_a_gradient_and_saved() -> None:
    loss = CurricularFace(dim=3, classes=5)
    z = torch.randn(6, 3, generator=torch.Generator().manual_seed(3))
    loss(z, LABEL).backward()
    cosine = functional.normalize(z) @ functional.normalize(loss.centres.weight).T
    wanted = 0.01 * cosine.gather(1, LABEL[:, None]).mean()
    torch.testing.assert_close(loss.curriculum.t, wanted.detach())
    assert not loss.curriculum.t.requires_grad
    other = CurricularFace(dim=3, classes=5)
    other.load_state_dict(loss.state_dict())
    torch.testing.assert_close(other(z, LABEL), loss(z, LABEL))


def test_measuring_leaves_the_running_mean_alone() -> None:
    loss = CurricularFace(dim=3, classes=5).eval()
    loss(torch.randn(6, 3), LABEL)
    assert float(loss.curriculum.t) == 0.0


def test_gradients_are_right() -> None:
    cosine = (_cosines() * 0.9).requires_grad_()

    def loss(x: torch.Tensor) -> torch.Tensor:
        t = torch.tensor(0.3, dtype=torch.float64)
        return functional.cross_entropy(curricular_logits(x, LABEL, t, scale=8.0, margin=0.5), LABEL)

    assert torch.autograd.gradcheck(loss, (cosine,))
