from collections.abc import Callable

import numpy as np
import pytest
import torch

from lynkeus.augment import Chain
from lynkeus.data.batches import Batch, BatchPlan, PairBatches, load_batches
from lynkeus.data.cache import PictureCache
from lynkeus.data.views import heavy_view, light_view, squash

pytestmark = pytest.mark.torch

MakeCache = Callable[..., PictureCache]


def _batches(cache: PictureCache, *, rank: int = 0, world: int = 1, seed: int = 0) -> PairBatches:
    sticker = np.full((20, 20, 4), 255, np.uint8)
    return PairBatches(
        cache,
        BatchPlan(pictures=8, side=32, seed=seed),
        light=light_view(),
        heavy=heavy_view(hosts=cache, stickers=[sticker], side=48),
        rank=rank,
        world=world,
    )


def _same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.pixels, other.pixels) and torch.equal(one.picture, other.picture)


def test_a_batch_follows_from_seed_and_step_alone(make_cache: MakeCache) -> None:
    cache = make_cache({"a": (9, 1.0), "b": (5, 1.0)})
    batches = _batches(cache)
    first = batches[3]
    batches[0]
    assert _same(batches[3], first)
    assert not _same(batches[4], first)
    assert not _same(_batches(cache, seed=1)[3], first)


def test_two_processes_make_the_batch_of_one(make_cache: MakeCache) -> None:
    cache = make_cache({"a": (9, 1.0), "b": (5, 1.0)})
    whole = _batches(cache)[5]
    parts = [_batches(cache, rank=rank, world=2)[5] for rank in range(2)]
    assert torch.equal(torch.cat([part.pixels for part in parts]), whole.pixels)
    assert torch.equal(torch.cat([part.picture for part in parts]), whole.picture)


def test_refuses_processes_that_do_not_divide_the_pictures(make_cache: MakeCache) -> None:
    with pytest.raises(ValueError, match="3 processes"):
        _batches(make_cache({"a": (4, 1.0)}), world=3)


def test_every_second_picture_comes_from_the_folder_of_the_one_before(make_cache: MakeCache) -> None:
    cache = make_cache({"a/x": (6, 1.0), "a/y": (6, 1.0), "b": (6, 1.0)})
    for step in range(10):
        folders = cache.folder[_batches(cache).pictures(step)].reshape(-1, 2)
        assert (folders[:, 0] == folders[:, 1]).all()


def test_shares_say_how_often_a_picture_is_drawn(make_cache: MakeCache) -> None:
    batches = _batches(make_cache({"rare": (5, 0.1), "common": (5, 0.9)}))
    drawn = np.concatenate([batches.pictures(step) for step in range(200)])
    assert 0.06 < (drawn < 5).mean() < 0.14


def test_views_of_a_picture_stand_side_by_side(make_cache: MakeCache) -> None:
    cache = make_cache({"a": (9, 1.0)})
    nothing = Chain(())
    batches = PairBatches(cache, BatchPlan(pictures=4, side=16, seed=0), light=nothing, heavy=nothing, rank=0, world=1)
    batch = batches[0]
    for pixels, picture in zip(batch.pixels, batch.picture, strict=True):
        np.testing.assert_array_equal(pixels.numpy(), squash(cache[int(picture)], 16))
    assert batch.picture.reshape(-1, 2)[:, 0].tolist() == batch.picture.reshape(-1, 2)[:, 1].tolist()


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_starts_at_any_step(make_cache: MakeCache, workers: int) -> None:
    batches = _batches(make_cache({"a": (9, 1.0)}))
    loaded = list(load_batches(batches, start=2, stop=4, workers=workers))
    assert len(loaded) == 2
    assert all(_same(got, batches[step]) for step, got in enumerate(loaded, start=2))
