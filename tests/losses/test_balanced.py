"""Balanced softmax, and the Balanced Curricular Loss that uses it."""

import math

import pytest
import torch
from torch.nn import functional

from lynkeus.losses.balanced_curricular import BalancedCurricular
from lynkeus.losses.balanced_softmax import BalancedSoftmax
from lynkeus.losses.curricular import CurricularFace, Curriculum

pytestmark = pytest.mark.torch

COUNTS = (5, 500, 50, 20)
LABEL = torch.tensor([0, 2, 1, 3, 3, 1])


def _logits() -> torch.Tensor:
    return 3.0 * torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_equals_the_formula_written_as_loops(power: float) -> None:
    total = 0.0
    for row, own in zip(_logits().tolist(), LABEL.tolist(), strict=True):
        mass = [n**power * math.exp(z) for n, z in zip(COUNTS, row, strict=True)]
        total -= math.log(mass[own] / sum(mass))
    got = BalancedSoftmax(COUNTS, prior_power=power)(_logits(), LABEL)
    assert float(got) == pytest.approx(total / 6, rel=1e-6)


@pytest.mark.parametrize("loss", [BalancedSoftmax(COUNTS, prior_power=0.0), BalancedSoftmax((7, 7, 7, 7))])
def test_no_power_or_equal_counts_is_the_plain_cross_entropy(loss: BalancedSoftmax) -> None:
    torch.testing.assert_close(loss(_logits(), LABEL), functional.cross_entropy(_logits(), LABEL))


def test_gradients_are_right() -> None:
    def loss(z: torch.Tensor) -> torch.Tensor:
        return BalancedSoftmax(COUNTS)(z, LABEL)

    assert torch.autograd.gradcheck(loss, (_logits().requires_grad_(),))


@pytest.mark.parametrize("counts", [(3, 0), ()])
def test_refuses_a_class_without_a_picture(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        BalancedSoftmax(counts)


def test_golden_balanced_curricular_loss() -> None:
    curriculum = Curriculum().double()
    curriculum.t = torch.tensor(0.3, dtype=torch.float64)
    label = torch.tensor([0])
    logits = curriculum(torch.tensor([[0.6, 0.35, 0.1, -0.2]], dtype=torch.float64), label)
    assert float(BalancedSoftmax(COUNTS)(logits, label)) == pytest.approx(10.079856, abs=2e-6)


def test_the_whole_loss_gives_the_golden_number() -> None:
    loss = BalancedCurricular(dim=5, counts=COUNTS).double()
    loss.curriculum.t = torch.tensor(0.3, dtype=torch.float64)
    cosine = (0.6, 0.35, 0.1, -0.2)
    z = torch.tensor([[*cosine, math.sqrt(1 - sum(c**2 for c in cosine))]], dtype=torch.float64)
    with torch.no_grad():
        loss.centres.weight.copy_(torch.eye(5)[:4])
        assert float(loss(z, torch.tensor([0]))) == pytest.approx(10.079856, abs=2e-6)


def test_a_hundred_times_the_pictures_is_a_margin_of_7_hundredths() -> None:
    assert math.log(100) / 64 == pytest.approx(0.072, abs=5e-4)
    prior = BalancedSoftmax((1, 100)).log_prior
    assert float(prior[1] - prior[0]) / 64 == pytest.approx(0.072, abs=5e-4)


def test_without_power_it_is_curricularface_and_its_gradients_are_right() -> None:
    torch.manual_seed(0)
    loss, plain = BalancedCurricular(dim=3, counts=COUNTS, scale=8.0, prior_power=0.0), CurricularFace(dim=3, classes=4)
    plain.curriculum.scale = 8.0
    plain.centres.load_state_dict(loss.centres.state_dict())
    z = torch.randn(6, 3)
    torch.testing.assert_close(loss(z, LABEL), plain(z, LABEL))
    weighty = BalancedCurricular(dim=3, counts=COUNTS, scale=8.0).double().eval()
    assert torch.autograd.gradcheck(weighty, (z.double().requires_grad_(), LABEL))
