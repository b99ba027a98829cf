"""Disguises that combine other disguises."""

import numpy as np
import pytest

from lynkeus.augment import Chain, Crop, Grey, Invert, Mirror, OneOf, Pad, Resize, Some, Sometimes, Swirl

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_no_steps_are_no_change() -> None:
    placement = Chain(()).place(IMAGE, rng())
    assert placement.image is IMAGE
    assert placement.box.tolist() == [0, 0, 60, 40]


def test_the_steps_come_in_order_from_one_generator() -> None:
    steps = (Crop(keep=0.5), Invert(), Resize(factor=2.0))
    generator = rng()
    expected = IMAGE
    for step in steps:
        expected = step(expected, generator)
    assert np.array_equal(Chain(steps)(IMAGE, rng()), expected)


def test_a_crop_of_a_padded_picture_clips_the_box() -> None:
    placement = Chain((Pad(share=0.5), Crop(keep=0.5))).place(IMAGE, rng())
    x0, y0, x1, y1 = placement.box.astype(int)
    inside = placement.image[y0:y1, x0:x1]
    assert placement.transform is not None
    left, top = -np.rint(placement.transform[:2, 2]).astype(int)
    assert np.array_equal(inside, IMAGE[max(top, 0) :, max(left, 0) :][: y1 - y0, : x1 - x0])
    assert inside.size < IMAGE.size


def test_after_a_bend_the_box_is_still_known() -> None:
    placement = Chain((Swirl(), Grey(), Pad(share=0.5))).place(IMAGE, rng())
    assert placement.transform is None
    assert placement.box.tolist() == [30, 20, 90, 60]


def test_a_probability_of_none_and_of_one() -> None:
    assert np.array_equal(Sometimes(Invert(), 0.0)(IMAGE, rng()), IMAGE)
    assert np.array_equal(Sometimes(Invert(), 1.0)(IMAGE, rng()), 255 - IMAGE)


def test_one_of_draws_each() -> None:
    either = OneOf((Mirror(), Mirror(way="vertical")))
    assert len({either(IMAGE, rng(seed)).tobytes() for seed in range(12)}) == 2


def test_some_draws_as_many_as_it_may_and_none_twice() -> None:
    some = Some(choices=(Invert(), Mirror(), Mirror(way="vertical")), fewest=3, most=3)
    assert np.array_equal(some(IMAGE, rng()), 255 - IMAGE[::-1, ::-1])


def test_a_weight_of_nothing_is_never_drawn() -> None:
    some = Some(choices=(Invert(), Mirror()), fewest=1, most=1, weights=(0.0, 1.0))
    assert all(np.array_equal(some(IMAGE, rng(seed)), IMAGE[:, ::-1]) for seed in range(8))


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Sometimes(Invert(), 1.5)
    with pytest.raises(ValueError, match="cannot be drawn"):
        Some(choices=(Invert(),), fewest=1, most=2)
    with pytest.raises(ValueError, match="weights"):
        Some(choices=(Invert(),), fewest=1, most=1, weights=(1.0, 2.0))
