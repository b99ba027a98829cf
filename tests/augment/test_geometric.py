"""Geometric disguises, compared with closed forms."""

import numpy as np
import pytest

from lynkeus.augment import Crop, Mirror, Pad, Perspective, Resize, Rotate, Shear, Stretch

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_crop_keeps_its_share_of_each_side_unchanged() -> None:
    placement = Crop(keep=0.5).place(IMAGE, rng())
    assert placement.image.shape == (20, 30, 3)
    assert placement.transform is not None
    left, top = -placement.transform[:2, 2].astype(int)
    assert np.array_equal(placement.image, IMAGE[top : top + 20, left : left + 30])


def test_a_crop_of_everything_is_the_picture() -> None:
    assert np.array_equal(Crop(keep=1.0)(IMAGE, rng()), IMAGE)


def test_padding_lays_the_picture_on_the_colour() -> None:
    placement = Pad(share=0.25, fill=(1, 2, 3)).place(IMAGE, rng())
    assert placement.image.shape == (60, 90, 3)
    assert np.array_equal(placement.image[10:50, 15:75], IMAGE)
    assert placement.image[0, 0].tolist() == [1, 2, 3]
    assert placement.box.tolist() == [15, 10, 75, 50]


def test_padding_to_a_square_adds_to_the_short_side_only() -> None:
    assert Pad(square=True)(IMAGE, rng()).shape == (60, 60, 3)


@pytest.mark.parametrize("way", ["horizontal", "vertical"])
def test_mirroring_twice_is_nothing(way: str) -> None:
    mirror = Mirror(way="horizontal") if way == "horizontal" else Mirror(way="vertical")
    assert np.array_equal(mirror(mirror(IMAGE, rng()), rng()), IMAGE)


def test_a_horizontal_mirror_swaps_left_and_right() -> None:
    assert np.array_equal(Mirror()(IMAGE, rng())[:, 0], IMAGE[:, -1])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_exact_and_counter_clockwise(quarters: int) -> None:
    assert np.array_equal(Rotate(degrees=90.0 * quarters)(IMAGE, rng()), np.rot90(IMAGE, quarters))


def test_a_turned_picture_is_wholly_inside() -> None:
    white = np.full((41, 61, 3), 255, np.uint8)
    turned = Rotate(degrees=33.0)(white, rng())
    area = turned.astype(float).mean(2).sum() / 255
    assert area == pytest.approx(41 * 61, rel=0.03)


@pytest.mark.parametrize("still", [Perspective(strength=0.0), Rotate(degrees=0.0), Shear(slope=0.0)])
def test_no_strength_is_no_change(still: Perspective | Rotate | Shear) -> None:
    assert np.array_equal(still(IMAGE, rng()), IMAGE)


def test_stretching_keeps_the_area() -> None:
    height, width = Stretch(ratio=4.0)(IMAGE, rng()).shape[:2]
    assert (height, width) == (20, 120)


def test_resizing_by_a_half_averages_four_pixels() -> None:
    small = Resize(factor=0.5)(IMAGE, rng())
    mean = IMAGE.reshape(20, 2, 30, 2, 3).mean((1, 3))
    assert np.abs(small - mean).max() <= 1


def test_no_fill_draws_a_colour_from_the_generator() -> None:
    corners = {tuple(Rotate(degrees=45.0, fill=None)(IMAGE, np.random.default_rng(s))[0, 0]) for s in range(5)}
    assert len(corners) == 5
