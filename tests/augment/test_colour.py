"""Colour disguises, compared with their formulas."""

import numpy as np
import pytest

from lynkeus.augment import (
    BlackWhite,
    ChannelShift,
    ChannelShuffle,
    Equalise,
    Gamma,
    GradientMap,
    Grey,
    Hue,
    Invert,
    Light,
    Posterise,
    Saturation,
    Solarise,
    Tint,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_grey_has_three_equal_channels_of_the_luma() -> None:
    grey = Grey()(IMAGE, rng())
    luma = IMAGE @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey - luma[..., None]).max() <= 1


def test_inverting_twice_is_nothing() -> None:
    assert np.array_equal(Invert()(Invert()(IMAGE, rng()), rng()), IMAGE)


def test_a_third_of_the_colour_circle_turns_red_into_green() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert Hue(degrees=120.0)(red, rng())[0, 0].tolist() == [0, 255, 0]


def test_saturation_runs_from_grey_to_the_picture() -> None:
    assert np.abs(Saturation(factor=0.0)(IMAGE, rng()).astype(int) - Grey()(IMAGE, rng())).max() <= 1
    assert np.array_equal(Saturation(factor=1.0)(IMAGE, rng()), IMAGE)


def test_neutral_strengths_change_nothing() -> None:
    for still in (
        Gamma(gamma=1.0),
        Light(brightness=1.0, contrast=1.0),
        Posterise(bits=8),
        Solarise(threshold=256.0),
        Tint(opacity=0.0),
    ):
        assert np.array_equal(still(IMAGE, rng()), IMAGE)


def test_gamma_follows_its_power() -> None:
    expected = 255 * (IMAGE / 255) ** 3.0
    assert np.abs(Gamma(gamma=3.0)(IMAGE, rng()) - expected).max() <= 0.51


def test_one_bit_leaves_black_and_full() -> None:
    assert np.array_equal(Posterise(bits=1)(IMAGE, rng()), np.where(IMAGE >= 128, 255, 0))


def test_solarising_inverts_the_bright_part() -> None:
    assert np.array_equal(Solarise(threshold=100.0)(IMAGE, rng()), np.where(IMAGE >= 100, 255 - IMAGE, IMAGE))


def test_equalising_spreads_a_narrow_range() -> None:
    dull = (IMAGE // 8 + 100).astype(np.uint8)
    wide = Equalise()(dull, rng())
    assert wide.min() == 0
    assert wide.max() == 255


def test_shuffled_channels_are_the_same_three_in_another_order() -> None:
    before = [IMAGE[..., c].tobytes() for c in range(3)]
    for seed in range(10):
        shuffled = ChannelShuffle()(IMAGE, np.random.default_rng(seed))
        after = [shuffled[..., c].tobytes() for c in range(3)]
        assert sorted(after) == sorted(before)
        assert after != before


def test_shifted_channels_leave_green_in_place() -> None:
    shifted = ChannelShift(share=0.1)(IMAGE, rng())
    assert np.array_equal(shifted[..., 1], IMAGE[..., 1])
    assert np.array_equal(shifted[:, 4:, 0], IMAGE[:, :-4, 0])
    assert np.array_equal(shifted[:, :-4, 2], IMAGE[:, 4:, 2])


def test_a_full_tint_is_the_colour() -> None:
    assert (Tint(colour=(9, 8, 7), opacity=1.0)(IMAGE, rng()) == (9, 8, 7)).all()


def test_a_gradient_from_black_to_white_is_grey() -> None:
    mapped = GradientMap(stops=((0, 0, 0), (255, 255, 255)))(IMAGE, rng())
    assert np.array_equal(mapped, Grey()(IMAGE, rng()))


def test_a_gradient_of_one_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="two colours"):
        GradientMap(stops=((0, 0, 0),))


def test_black_and_white_has_no_third_tone_and_shows_a_dark_bar() -> None:
    page = np.full((60, 60, 3), 200, np.uint8)
    page[28:31, 5:55] = 40
    copy = BlackWhite()(page, rng())
    assert set(np.unique(copy)) == {0, 255}
    assert copy[29, 30, 0] == 0
    assert copy[5, 5, 0] == 255
