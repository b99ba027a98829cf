"""Hide-and-Seek, CutOut and random erasing on pictures, and their common grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lynkeus.augment.hiding import MEAN, CutOut, HideAndSeek, RandomErasing, hidden_cells

_P = "p is"


def _noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(128, 256, (height, width, 3), dtype=np.uint8)


def _looped(shape: tuple[int, int], side: int, chance: np.ndarray, p: float) -> np.ndarray:
    """The definition, pixel by pixel."""
    return np.array([[chance[y // side, x // side] < p for x in range(shape[1])] for y in range(shape[0])])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.floats(0, 1), st.integers(0, 5))
def test_equals_the_definition_also_on_pictures_that_are_no_squares(
    height: int, width: int, side: int, p: float, seed: int
) -> None:
    chance = np.random.default_rng(seed).random((-(-height // side), -(-width // side)))
    found = hidden_cells((height, width), side=side, p=p, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(found, _looped((height, width), side, chance, p))


def test_cells_at_the_far_edges_are_clipped() -> None:
    found = hidden_cells((5, 7), side=4, p=0.5, rng=np.random.default_rng(3))
    blocks = [found[y, x] for y in (slice(0, 4), slice(4, 5)) for x in (slice(0, 4), slice(4, 7))]
    assert [block.shape for block in blocks] == [(4, 4), (4, 3), (1, 4), (1, 3)]
    assert all(block.all() or not block.any() for block in blocks)


@pytest.mark.parametrize("p", [0.25, 0.5, 0.75])
def test_the_hidden_share_is_p(p: float) -> None:
    rng = np.random.default_rng(1)
    shares = [hidden_cells((112, 80), side=16, p=p, rng=rng).mean() for _ in range(3000)]
    assert abs(np.mean(shares) - p) < 0.01


def test_each_cell_is_drawn_for_itself() -> None:
    rng = np.random.default_rng(2)
    drawn = np.array([hidden_cells((2, 2), side=1, p=0.5, rng=rng).ravel() for _ in range(4000)], np.float64)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.06


def test_hides_rows_of_frames_too() -> None:
    found = hidden_cells((10,), side=4, p=0.5, rng=np.random.default_rng(0))
    assert found.shape == (10,)
    assert all(len(set(found[start : start + 4].tolist())) == 1 for start in (0, 4, 8))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_refuses_a_chance_that_is_none(p: float) -> None:
    with pytest.raises(ValueError, match=_P):
        hidden_cells((4, 4), side=2, p=p, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=_P):
        HideAndSeek(p=p, sides=(4,))
    with pytest.raises(ValueError, match=_P):
        RandomErasing(p=p)


def test_refuses_sides_that_are_none() -> None:
    with pytest.raises(ValueError, match="side is -1"):
        hidden_cells((4, 4), side=-1, p=0.5, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="sides are"):
        HideAndSeek(p=0.5, sides=())
    with pytest.raises(ValueError, match="sides are"):
        HideAndSeek(p=0.5, sides=(4, -4))
    with pytest.raises(ValueError, match="side is -2"):
        CutOut(side=-2)


def test_what_is_hidden_is_zero_after_normalisation_and_the_rest_stays() -> None:
    picture = _noise(50, 70)
    found = HideAndSeek(p=0.5, sides=(16,))(picture, np.random.default_rng(5))
    normalised = (found.astype(np.float64) - 127) / 128
    hidden = (found != picture).any(axis=2)
    assert 0.2 < hidden.mean() < 0.8
    assert (normalised[hidden] == 0).all()
    np.testing.assert_array_equal(found[~hidden], picture[~hidden])


@pytest.mark.parametrize("hide", [HideAndSeek(p=0.0, sides=(8,)), HideAndSeek(p=1.0, sides=(0,)), CutOut(side=0)])
def test_hiding_nothing_is_the_identity(hide: HideAndSeek | CutOut) -> None:
    picture = _noise(33, 47)
    np.testing.assert_array_equal(hide(picture, np.random.default_rng(0)), picture)


def test_never_works_in_place() -> None:
    picture = _noise(40, 40)
    before = picture.copy()
    for hide in (HideAndSeek(p=1.0, sides=(8,)), CutOut(side=20), RandomErasing(p=1.0)):
        assert not np.array_equal(hide(picture, np.random.default_rng(0)), before)
        np.testing.assert_array_equal(picture, before)


def test_the_same_generator_hides_the_same_and_another_something_else() -> None:
    picture = _noise(64, 64)
    for hide in (HideAndSeek(p=0.5, sides=(0, 8, 16)), CutOut(side=30), RandomErasing(p=1.0)):
        one, same, other = (hide(picture, np.random.default_rng(seed)) for seed in (1, 1, 4))
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


def test_mixed_sizes_come_out_evenly() -> None:
    picture = _noise(24, 24)
    hide, rng = HideAndSeek(p=1.0, sides=(0, 24)), np.random.default_rng(6)
    whole = [np.array_equal(hide(picture, rng), picture) for _ in range(1000)]
    assert 0.45 < np.mean(whole) < 0.55


def test_cutout_is_one_square_clipped_at_the_edges() -> None:
    picture = _noise(30, 44)
    areas: set[int] = set()
    for seed in range(200):
        found = CutOut(side=12)(picture, np.random.default_rng(seed))
        hidden = (found != picture).any(axis=2)
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        assert hidden[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert (found[hidden] == MEAN).all()
        areas.add(int(hidden.sum()))
    assert max(areas) == 144
    assert 36 <= min(areas) < 144


def test_random_erasing_keeps_its_area_and_its_ratio() -> None:
    picture = np.zeros((60, 90, 3), np.uint8)
    for seed in range(200):
        hidden = np.asarray(RandomErasing(p=1.0)(picture, np.random.default_rng(seed)).any(axis=2))
        tall, wide = int(hidden.any(axis=1).sum()), int(hidden.any(axis=0).sum())
        assert 0.015 < tall * wide / hidden.size < 0.42
        assert 0.25 < tall / wide < 4.0


def test_random_erasing_comes_as_often_as_p_says() -> None:
    picture, rng, erase = np.zeros((20, 20, 3), np.uint8), np.random.default_rng(0), RandomErasing(p=0.3)
    assert 0.26 < np.mean([erase(picture, rng).any() for _ in range(2000)]) < 0.34
