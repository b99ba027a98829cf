"""The box of a heat map."""

import numpy as np
import pytest

from lynkeus.matching.heat_box import heat_box

_HEAT = np.array(
    [
        [0.9, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.6, 0.5],
        [0.0, 0.0, 0.6, 0.0, 0.2],
        [1.0, 0.0, 0.0, 0.0, 0.0],
    ]
)


def test_gives_the_golden_boxes() -> None:
    assert heat_box(_HEAT, share=0.5) == (2, 1, 5, 3)  # 0.6 and 0.6 touch at a corner
    assert heat_box(_HEAT, share=0.55) == (2, 1, 4, 3)
    assert heat_box(_HEAT, share=0.95) == (0, 3, 1, 4)
    assert heat_box(_HEAT.astype(np.float32), share=0.2) == (2, 1, 5, 3)


def test_takes_the_largest_blob_not_the_highest() -> None:
    heat = np.zeros((6, 6))
    heat[0, 0] = 1.0
    heat[3:5, 2:6] = 0.7
    assert heat_box(heat, share=0.5) == (2, 3, 6, 5)


def test_does_not_depend_on_the_unit() -> None:
    assert heat_box(1e-6 * _HEAT, share=0.5) == heat_box(1e6 * _HEAT, share=0.5) == heat_box(_HEAT, share=0.5)


def test_equals_a_flood_fill() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        heat = rng.random((7, 9)) * (rng.random((7, 9)) < 0.6)
        assert heat_box(heat, share=0.4) == _flooded(heat, 0.4)


def _flooded(heat: np.ndarray, share: float) -> tuple[int, int, int, int]:
    left = {(int(y), int(x)) for y, x in np.argwhere(heat >= share * heat.max())}
    blobs: list[list[tuple[int, int]]] = []
    for start in sorted(left):
        if start not in left:
            continue
        left.remove(start)
        blob = [start]
        for y, x in blob:
            for cell in [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
                if cell in left:
                    left.remove(cell)
                    blob.append(cell)
        blobs.append(blob)
    rows, columns = zip(*max(blobs, key=len), strict=True)
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


@pytest.mark.parametrize("heat", [np.zeros((3, 3)), np.full((2, 2), -1.0), np.zeros((0, 4)), np.full((2, 2), np.nan)])
def test_gives_nothing_where_nothing_is_hot(heat: np.ndarray) -> None:
    assert heat_box(heat, share=0.5) is None


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, float("nan")])
def test_refuses_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="share is"):
        heat_box(_HEAT, share=share)
