"""Disguises that bend or shuffle the picture."""

import numpy as np
import pytest

from lynkeus.augment import Fisheye, Glass, Strips, Swirl, Tiles, Wave

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "still",
    [Swirl(degrees=0.0), Fisheye(strength=0.0), Wave(height=0.0), Glass(strength=0.0), Strips(shift=0.0)],
)
def test_no_strength_is_no_change(still: Swirl | Fisheye | Wave | Glass | Strips) -> None:
    assert np.array_equal(still(IMAGE, rng()), IMAGE)


@pytest.mark.parametrize("seed", range(6))
def test_tiles_are_the_same_in_another_order(seed: int) -> None:
    def tiles(image: np.ndarray) -> list[bytes]:
        return [image[y : y + 20, x : x + 30].tobytes() for y in (0, 20) for x in (0, 30)]

    before, after = tiles(IMAGE), tiles(Tiles()(IMAGE, rng(seed)))
    assert sorted(before) == sorted(after)
    assert before != after


def test_no_tiles_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Tiles(rows=0)


def test_strips_keep_each_column() -> None:
    moved = Strips(count=5)(IMAGE, rng())
    for column in (0, 13, 59):
        assert np.array_equal(np.sort(moved[:, column], axis=0), np.sort(IMAGE[:, column], axis=0))


def test_a_swirl_turns_the_middle_and_spares_the_rim() -> None:
    halves = np.zeros((81, 81, 3), np.uint8)
    halves[:, 41:] = 255
    turned = Swirl(degrees=180.0, radius=0.3)(halves, rng())
    assert turned[40, 43, 0] < 60
    assert turned[40, 78, 0] > 200


def test_a_fisheye_enlarges_the_middle() -> None:
    disc = np.zeros((81, 81, 3), np.uint8)
    y, x = np.indices((81, 81))
    disc[(x - 40) ** 2 + (y - 40) ** 2 < 100] = 255
    assert (Fisheye(strength=1.0)(disc, rng()) > 128).sum() > 1.5 * (disc > 128).sum()
