"""Disguises that destroy detail, compared with definitions and limits."""

import numpy as np
import pytest

from lynkeus.augment import (
    Blur,
    EdgeFilter,
    Halftone,
    Jpeg,
    LowResolution,
    Median,
    MotionBlur,
    Noise,
    Pixelate,
    PixelShuffle,
    ScreenPhoto,
    Sharpen,
)
from lynkeus.augment.degrade import stripes

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
FLAT = np.full((48, 64, 3), 120, np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize(
    "filtering", [Blur(), MotionBlur(), Pixelate(), LowResolution(), Sharpen(), Median(), PixelShuffle()]
)
def test_filters_leave_a_flat_picture(
    filtering: Blur | MotionBlur | Pixelate | LowResolution | Sharpen | Median | PixelShuffle,
) -> None:
    assert np.abs(filtering(FLAT, rng()).astype(int) - 120).max() <= 1


def test_blur_spreads_a_point_by_its_sigma() -> None:
    point = np.zeros((61, 61, 3), np.uint8)
    point[28:33, 28:33] = 255
    spread = Blur(sigma=4.0)(point, rng())[..., 0].astype(float)
    offsets = np.arange(61) - 30
    variance = (spread.sum(0) * offsets**2).sum() / spread.sum()
    assert np.sqrt(variance - 2) == pytest.approx(4.0, rel=0.05)


def test_motion_blur_keeps_the_light_and_spreads_it_along_a_line() -> None:
    point = np.zeros((61, 61, 3), np.uint8)
    point[30, 30] = 255
    spread = MotionBlur(length=11)(point, rng())[..., 0].astype(float)
    assert spread.sum() == pytest.approx(255, rel=0.1)
    rows, columns = np.nonzero(spread)
    reach = np.hypot(rows - rows.mean(), columns - columns.mean()).max()
    assert 4.4 < reach < 7.5


def test_noise_has_the_strength_asked_for() -> None:
    noisy = Noise(sigma=12.0)(FLAT, rng()).astype(float) - 120
    assert noisy.std() == pytest.approx(12.0, rel=0.05)
    assert abs(noisy.mean()) < 0.6


def test_grey_noise_is_the_same_in_all_channels() -> None:
    noisy = Noise(sigma=12.0, grey=True)(FLAT, rng())
    assert np.array_equal(noisy[..., 0], noisy[..., 2])


def test_shuffled_pixels_are_pixels_of_the_picture_and_as_many_as_asked() -> None:
    ramp = np.arange(48 * 64 * 3, dtype=np.int64).reshape(48, 64, 3) % 251
    picture = ramp.astype(np.uint8)
    shuffled = PixelShuffle(share=0.3)(picture, rng())
    known = {tuple(pixel) for pixel in picture.reshape(-1, 3)}
    assert {tuple(pixel) for pixel in shuffled.reshape(-1, 3)} <= known
    assert 0.2 < (shuffled != picture).any(2).mean() < 0.3


def test_a_lower_jpeg_quality_is_further_from_the_picture() -> None:
    errors = [np.abs(Jpeg(quality=q)(IMAGE, rng()).astype(int) - IMAGE).mean() for q in (95, 50, 5)]
    assert errors == sorted(errors)
    assert errors[0] < errors[2]


def test_jpeg_keeps_red_red() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 250
    assert Jpeg(quality=90)(red, rng())[8, 8, 0] > 200


def test_pixelated_cells_are_flat_means() -> None:
    cells = Pixelate(cell=8.0)(IMAGE, rng())
    blocks = cells.reshape(6, 8, 8, 8, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert np.abs(blocks[:, 0, :, 0] - IMAGE.reshape(6, 8, 8, 8, 3).mean((1, 3))).max() <= 1


def test_sharpening_overshoots_at_a_step() -> None:
    step = np.full((20, 20, 3), 100, np.uint8)
    step[:, 10:] = 150
    sharp = Sharpen(amount=2.0)(step, rng())
    assert sharp[10, 9, 0] < 100
    assert sharp[10, 10, 0] > 150


def test_edges_alone_are_dark_where_nothing_changes() -> None:
    step = np.full((20, 20, 3), 100, np.uint8)
    step[:, 10:] = 200
    edges = EdgeFilter()(step, rng())
    assert edges[10, 2, 0] == 0
    assert edges[10, 10, 0] > 80
    assert EdgeFilter(dark=True)(step, rng())[10, 2, 0] == 255
    assert np.array_equal(EdgeFilter(share=0.0)(step, rng()), step)


def test_median_drops_a_single_bright_pixel() -> None:
    speck = FLAT.copy()
    speck[20, 20] = 255
    assert np.array_equal(Median(size=3)(speck, rng()), FLAT)


def test_halftone_is_dense_where_the_picture_is_dark() -> None:
    darks = [Halftone()(np.full((60, 60, 3), level, np.uint8), rng()).mean() for level in (40, 128, 215)]
    assert darks[0] < 60 < darks[1] < 195 < darks[2]


def test_a_photographed_screen_keeps_the_scene_and_adds_stripes() -> None:
    smooth = np.repeat(np.linspace(40, 220, 64, dtype=np.uint8)[None, :, None], 48, 0).repeat(3, 2)
    shot = ScreenPhoto(stripes=0.3)(smooth, rng())
    assert np.corrcoef(shot.ravel(), smooth.ravel())[0, 1] > 0.6
    assert np.abs(np.diff(shot.astype(float), axis=0)).mean() > 1.0


def test_stripes_equal_the_cosine_of_the_plane_wave() -> None:
    y, x = np.indices((48, 64))
    expected = np.cos(0.3 * x - 0.7 * y)
    assert np.abs(stripes(IMAGE, np.array([0.3, -0.7])) - expected).max() < 1e-5
