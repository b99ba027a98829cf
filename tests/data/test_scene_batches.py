from collections.abc import Callable

import numpy as np
import pytest
import torch

from lynkeus import augment as au
from lynkeus.data.cache import PictureCache
from lynkeus.data.scene_batches import PictureDraw, SceneBatches, ScenePlan, answers
from lynkeus.data.scenes import SceneMaker

pytestmark = pytest.mark.torch

MakeCache = Callable[..., PictureCache]
PLAN = ScenePlan(scenes=3, sides=((0, 64), (5, 96)), stride=8, seed=1)


def _maker(draw: PictureDraw) -> SceneMaker:
    nothing = au.Chain(())
    return SceneMaker(draw=draw, own=nothing, whole=nothing, harmless=nothing, side=64)


def test_held_out_pictures_are_drawn_alone_or_never(make_cache: MakeCache) -> None:
    cache = make_cache({"a": (30, 1.0), "b": (20, 0.0)})
    training, held = (PictureDraw(cache, one_in=4, held_out=out) for out in (False, True))
    assert len(training) + len(held) == 50
    assert not set(training.numbers.tolist()) & set(held.numbers.tolist())
    rng = np.random.default_rng(0)
    own = [cache[number].tobytes() for number in held.numbers.tolist() if cache.source[number] == 0]
    assert {held(rng).tobytes() for _ in range(40)} <= set(own)
    assert not {training(rng).tobytes() for _ in range(200)} & set(own)


def test_a_batch_is_a_function_of_its_step(make_cache: MakeCache) -> None:
    draw = PictureDraw(make_cache({"a": (12, 1.0)}), one_in=100)
    first, second = (SceneBatches(_maker(draw), PLAN) for _ in range(2))
    for one, two in zip(first[4], second[4], strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(first[4].pixels, first[3].pixels)


def test_the_side_follows_the_step(make_cache: MakeCache) -> None:
    batches = SceneBatches(_maker(PictureDraw(make_cache({"a": (12, 1.0)}), one_in=100)), PLAN)
    assert batches[4].pixels.shape == (3, 64, 64, 3)
    late = batches[5]
    assert late.pixels.shape == (3, 96, 96, 3)
    assert late.heat.shape == late.weight.shape == (3, 12, 12)
    assert late.boxes.shape == (3, 12, 12, 4)


def test_the_cell_of_a_centre_is_hottest_and_answers_with_the_box() -> None:
    boxes = np.array([[0.0, 0.0, 0.2, 0.3], [0.4, 0.5, 1.0, 0.9]])
    got = answers(boxes, 16)
    assert np.argwhere(got.heat == 1).tolist() == [[2, 1], [11, 11]]
    np.testing.assert_allclose(got.boxes[2, 1], boxes[0], rtol=1e-6)
    np.testing.assert_allclose(got.boxes[11, 11], boxes[1], rtol=1e-6)
    assert float(got.weight.sum()) == pytest.approx(2, rel=1e-5)


def test_the_bell_is_as_wide_as_the_box() -> None:
    heat = answers(np.array([[0.1, 0.4, 0.9, 0.6]]), 32).heat
    y, x = np.argwhere(heat == 1)[0]
    assert heat[y, x + 3] > 0.3 > heat[y + 3, x]


def test_no_box_is_no_heat() -> None:
    got = answers(np.zeros((0, 4)), 8)
    assert not got.heat.any()
    assert not got.weight.any()
