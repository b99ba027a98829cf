"""Hiding on feature maps, and the reason why the hidden value is the mean."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from lynkeus.augment.hiding import hidden_cells
from lynkeus.models.hidden_maps import HiddenMaps

pytestmark = pytest.mark.torch


def _mask(seed: int, *, count: int = 4) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.stack([hidden_cells((12, 9), side=4, p=0.5, rng=rng) for _ in range(count)]))


def test_hidden_cells_get_the_mean_of_each_channel_and_the_others_stay() -> None:
    maps = (
        torch.randn(4, 3, 12, 9, generator=torch.Generator().manual_seed(0)) + torch.tensor([1.0, 5, -2])[:, None, None]
    )
    layer, mask = HiddenMaps(3).train(), _mask(0)
    found = layer(maps, mask)
    wanted = maps.mean(dim=(0, 2, 3))
    torch.testing.assert_close(layer.mean, wanted)
    for channel in range(3):
        torch.testing.assert_close(found[:, channel][mask], wanted[channel].expand(int(mask.sum())))
        torch.testing.assert_close(found[:, channel][~mask], maps[:, channel][~mask])


def test_the_mean_runs_and_is_kept_with_the_weights() -> None:
    layer = HiddenMaps(1).train()
    layer(torch.zeros(1, 1, 12, 9), _mask(0, count=1))
    layer(torch.full((1, 1, 12, 9), 4.0), _mask(1, count=1))
    assert 0 < layer.mean.item() < 4
    again = HiddenMaps(1)
    again.load_state_dict(layer.state_dict())
    assert again.mean.item() == layer.mean.item()


def test_evaluation_mode_is_the_identity_and_learns_nothing() -> None:
    maps, layer = torch.randn(4, 3, 12, 9), HiddenMaps(3).eval()
    torch.testing.assert_close(layer(maps, _mask(0)), maps, rtol=0, atol=0)
    assert layer.seen == 0
    torch.testing.assert_close(layer.train()(maps, None), maps, rtol=0, atol=0)


def test_gradients_reach_only_what_is_seen() -> None:
    maps, mask = torch.randn(4, 3, 12, 9, requires_grad=True), _mask(2)
    HiddenMaps(3).train()(maps, mask).sum().backward()
    assert maps.grad is not None
    torch.testing.assert_close(maps.grad, (~mask)[:, None].float().expand(4, 3, 12, 9))


def _first_layer(fill: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean output of a first layer on synthetic pictures, whole and half hidden."""
    rng = np.random.default_rng(0)
    mean, kernel = 0.7, torch.from_numpy(rng.normal(size=(8, 1, 5, 5)))
    pictures = rng.normal(mean, 1.0, (400, 1, 24, 24))
    masks = np.stack([hidden_cells((24, 24), side=8, p=0.5, rng=rng) for _ in range(400)])[:, None]
    whole, hidden = (
        functional.conv2d(torch.from_numpy(rows), kernel).mean(dim=(0, 2, 3))
        for rows in (pictures, np.where(masks, fill, pictures))
    )
    assert torch.allclose(whole, kernel.sum(dim=(1, 2, 3)) * mean, atol=0.1)  # w^T mu
    return whole, hidden


def test_the_mean_leaves_the_first_layer_its_expectation_and_another_value_does_not() -> None:
    whole, hidden = _first_layer(fill=0.7)
    assert (whole - hidden).abs().max() < 0.1
    whole, hidden = _first_layer(fill=-1.0)
    assert (whole - hidden).abs().max() > 1.0
