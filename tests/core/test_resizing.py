"""Reduced pictures stay aligned and show no aliasing."""

import numpy as np
import pytest
from PIL import Image

from lynkeus.core.resizing import fit, shrink, turn_upright
from lynkeus.testing import made_picture


@pytest.mark.parametrize(
    ("size", "max_side", "wanted"),
    [
        ((1024, 768), 640, (640, 480)),
        ((768, 1024), 640, (480, 640)),
        ((640, 480), 640, (640, 480)),
        ((100, 50), 640, (100, 50)),
        ((1000, 20), 40, (40, 1)),
        ((1000, 8), 40, (40, 1)),
        ((1024, 768), None, (1024, 768)),
    ],
)
def test_fits_the_longer_side(size: tuple[int, int], max_side: int | None, wanted: tuple[int, int]) -> None:
    assert fit(*size, max_side) == wanted


@pytest.mark.parametrize("width", [1000, 800, 768, 640, 600, 513, 512, 400, 256, 100, 33])
def test_equals_the_average_of_the_covered_area(width: int) -> None:
    picture = made_picture(np.random.default_rng(1), 1024, 256)
    height = round(256 * width / 1024)
    wanted = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))
    assert np.abs(shrink(picture, width, height).astype(int) - wanted).mean() < 3


@pytest.mark.parametrize("width", [760, 640, 540, 513, 512, 300, 200])
def test_fine_stripes_become_grey_and_not_broad_stripes(width: int) -> None:
    """A reduced picture cannot show stripes of one pixel; they must become nearly grey."""
    stripes = np.zeros((64, 1024, 3), np.uint8)
    stripes[:, ::2] = 255
    spread = shrink(stripes, width, round(64 * width / 1024))[:, 2:-2].astype(float).std()
    assert spread < 0.35 * stripes.astype(float).std()


@pytest.mark.parametrize("width", [700, 600, 512, 333, 128])
def test_places_stay_where_they_are(width: int) -> None:
    """The centre of a disc keeps its position as a share of width and height."""
    y, x = np.mgrid[:600, :800]
    disc = np.repeat((255 * (np.hypot(x - 213.0, y - 451.0) < 60)).astype(np.uint8)[:, :, None], 3, axis=2)
    small = shrink(disc, width, round(width * 0.75))[:, :, 0].astype(float)
    rows, columns = np.mgrid[: small.shape[0], : small.shape[1]]
    middle_x, middle_y = (small * columns).sum() / small.sum(), (small * rows).sum() / small.sum()
    assert (middle_x + 0.5) * 800 / width == pytest.approx(213.5, abs=0.3)
    assert (middle_y + 0.5) * 600 / small.shape[0] == pytest.approx(451.5, abs=0.3)


def test_the_same_size_is_the_same_picture() -> None:
    picture = made_picture(np.random.default_rng(2))
    assert shrink(picture, 96, 64) is picture


def test_turning_back_is_the_identity() -> None:
    picture = made_picture(np.random.default_rng(3))
    back = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    for orientation, inverse in back.items():
        np.testing.assert_array_equal(turn_upright(turn_upright(picture, orientation), inverse), picture)
