import numpy as np
import pytest
import torch

from lynkeus.losses.giou import GiouLoss, giou

pytestmark = pytest.mark.torch


def _boxes(count: int, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    low = rng.random((count, 2)) * 4
    return torch.from_numpy(np.concatenate((low, low + rng.random((count, 2)) * 3 + 0.1), axis=1))


def _slow(a: list[float], b: list[float]) -> float:
    def area(x0: float, y0: float, x1: float, y1: float) -> float:
        return max(x1 - x0, 0) * max(y1 - y0, 0)

    inner = area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    outer = area(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    union = area(*a) + area(*b) - inner
    return inner / union - (outer - union) / outer


def test_equals_the_definition_for_each_pair() -> None:
    first, second = _boxes(50, 0), _boxes(50, 1)
    wanted = [_slow(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    assert min(wanted) < 0 < max(wanted)
    torch.testing.assert_close(giou(first, second), torch.tensor(wanted, dtype=torch.float64))


def test_does_not_care_about_scale_place_or_order() -> None:
    first, second = _boxes(20, 0), _boxes(20, 1)
    torch.testing.assert_close(giou(first * 7 + 3, second * 7 + 3), giou(second, first))


def test_equal_boxes_give_one_and_far_ones_nearly_minus_one() -> None:
    box = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    assert float(giou(box, box)) == 1.0
    assert float(giou(box, box + 1000)) == pytest.approx(-1, abs=1e-5)


def test_gradients_are_right() -> None:
    wanted, weight = _boxes(6, 1), torch.tensor([1.0, 0.5, 0.0, 2.0, 1.0, 0.1], dtype=torch.float64)
    predicted = _boxes(6, 0).requires_grad_()

    def loss(x: torch.Tensor) -> torch.Tensor:
        return GiouLoss()(x, wanted, weight)

    assert torch.autograd.gradcheck(loss, (predicted,))


def test_weighs_the_boxes() -> None:
    first, second = _boxes(3, 0), _boxes(3, 1)
    each = 1 - giou(first, second)
    got = GiouLoss()(first, second, torch.tensor([2.0, 0.0, 1.0], dtype=torch.float64))
    torch.testing.assert_close(got, (2 * each[0] + each[2]) / 3)


def test_no_box_is_no_loss() -> None:
    boxes = torch.zeros(2, 3, 4, requires_grad=True)
    loss = GiouLoss()(boxes, torch.zeros(2, 3, 4), torch.zeros(2, 3))
    loss.backward()
    assert loss.item() == 0
