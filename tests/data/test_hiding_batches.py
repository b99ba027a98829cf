"""Batches of pictures with hidden parts."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lynkeus.augment.hiding import HideAndSeek
from lynkeus.data.cache import PictureCache
from lynkeus.data.hiding_batches import HidingBatches, MapHiding
from lynkeus.data.labelled import LabelledPictures

pytestmark = pytest.mark.torch


@pytest.fixture
def pictures(make_cache: Callable[..., PictureCache]) -> LabelledPictures:
    cache = make_cache({"set": (11, 1.0)})
    return LabelledPictures(
        cache=cache,
        names=("a", "b"),
        label=np.arange(11) % 2,
        value=np.full(11, np.nan),
        part=np.array([0] * 10 + [2]),
        boxes=(np.zeros((0, 4)),) * 11,
    )


def _batches(pictures: LabelledPictures, *, p: float = 0.5, maps: float = 0.0, seed: int = 0) -> HidingBatches:
    hide = HideAndSeek(p=p, sides=(8,))
    return HidingBatches(pictures, side=32, batch=4, hide=hide, maps=MapHiding(p=maps, side=4), seed=seed)


def test_an_epoch_shows_each_training_picture_once(pictures: LabelledPictures) -> None:
    batches = _batches(pictures)
    sizes = [len(batches[step].label) for step in range(6)]
    assert sizes == [4, 4, 2, 4, 4, 2]
    labels = torch.cat([batches[step].label for step in range(3)])
    assert torch.bincount(labels).tolist() == [5, 5]


def test_a_view_is_a_function_of_seed_epoch_and_picture(pictures: LabelledPictures) -> None:
    views = {
        (seed, epoch, number): _batches(pictures, seed=seed).view(number, epoch).tobytes()
        for seed in (0, 1)
        for epoch in (0, 1)
        for number in (0, 1)
    }
    assert len(set(views.values())) == 8
    assert _batches(pictures, seed=1).view(1, 1).tobytes() == views[1, 1, 1]


def test_masks_differ_from_picture_to_picture_and_from_epoch_to_epoch(pictures: LabelledPictures) -> None:
    batches = _batches(pictures, maps=0.5)
    hidden = [batches.view(number, epoch) == 127 for epoch in range(3) for number in range(4)]
    assert len({mask.all(axis=2).tobytes() for mask in hidden}) == 12
    maps = batches[0].hidden
    assert maps is not None
    assert maps.shape == (4, 16, 16)
    assert maps.dtype == torch.bool
    assert len({mask.numpy().tobytes() for mask in maps}) == 4
    again = _batches(pictures, maps=0.5)[0].hidden
    assert again is not None
    assert torch.equal(maps, again)


def test_without_hiding_there_are_no_masks(pictures: LabelledPictures) -> None:
    batch = _batches(pictures, p=0.0)[0]
    assert batch.hidden is None
    assert (batch.pixels == 127).all(dim=3).float().mean() < 0.01
