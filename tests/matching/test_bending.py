import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.matching.agreement import AgreementCheck, GreyLevels
from lynkeus.matching.bending import bend_back


def _grey(seed: int) -> np.ndarray:
    return np.asarray(cv2.cvtColor(made_picture(seed), cv2.COLOR_RGB2GRAY))


def _waved(grey: np.ndarray, amplitude: float) -> np.ndarray:
    rows, columns = (np.asarray(grid) for grid in np.indices(grey.shape, dtype=np.float32))
    moved = np.asarray(columns + amplitude * np.sin(rows / 40), np.float32)
    return cv2.remap(grey, moved, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def test_bends_a_wave_back() -> None:
    grey = cv2.resize(_grey(10), (160, 120), interpolation=cv2.INTER_AREA)
    waved = _waved(grey, 4).astype(np.float32)
    straight = bend_back(waved, grey.astype(np.float32), np.ones(grey.shape, bool))
    inner = np.s_[10:-10, 10:-10]
    assert np.abs(straight - grey)[inner].mean() < 0.5 * np.abs(waved - grey)[inner].mean()


def test_leaves_flat_pictures_and_empty_overlaps_as_they_are() -> None:
    flat = np.full((60, 80), 90, np.float32)
    for inside in (np.ones(flat.shape, bool), np.zeros(flat.shape, bool)):
        np.testing.assert_allclose(bend_back(flat, flat, inside), flat, atol=1e-3)


@pytest.mark.parametrize("shape", [(9, 40), (40, 9), (1, 160), (160, 1), (31, 160), (32, 32), (32, 160)])
def test_narrow_overlaps_are_harmless(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = (rng.integers(0, 256, shape).astype(np.float32) for _ in range(2))
        bent = bend_back(a, b, np.ones(shape, bool))
        assert bent.shape == shape
        assert np.isfinite(bent).all()


@pytest.mark.parametrize("negative", [False, True])
def test_a_bent_copy_agrees_once_it_is_bent_back_and_a_stranger_does_not(*, negative: bool) -> None:
    reference = _grey(10)
    waved = _waved(reference, 22)
    copy = AgreementCheck()(GreyLevels(255 - waved if negative else waved), reference, np.eye(3), negative=negative)
    stranger = AgreementCheck()(GreyLevels(_grey(11)), reference, np.eye(3), negative=negative)
    assert copy.bent > copy.share + 0.15
    assert copy.bent_structure > copy.structure
    assert copy.bent > stranger.bent + 0.3
