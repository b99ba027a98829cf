import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.matching.sift import MIRROR, NEGATIVE, PERMUTATIONS, LocalFeatures, SiftExtractor, root_sift

_PICTURE = made_picture(3, width=400, height=300)
_EXTRACT = SiftExtractor(side=400, max_points=300)


def _matches(a: np.ndarray, b: np.ndarray) -> int:
    """Descriptors of ``a`` with a distinctive nearest neighbour in ``b`` (Lowe's ratio .8)."""
    distance = np.sort(2 - 2 * a @ b.T, axis=1)
    return int((distance[:, 0] < 0.64 * distance[:, 1]).sum())


def _vectors(picture: np.ndarray) -> np.ndarray:
    return _EXTRACT(np.ascontiguousarray(picture)).vectors


def test_rows_have_length_one_and_no_negative_entry() -> None:
    vectors = _vectors(_PICTURE)
    assert len(vectors) > 100
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert vectors.min() >= 0


@pytest.mark.parametrize(
    ("edited", "permutation"),
    [
        (_PICTURE[:, ::-1], MIRROR),
        (_PICTURE[::-1], MIRROR),
        (255 - _PICTURE, NEGATIVE),
        (255 - _PICTURE[:, ::-1], MIRROR[NEGATIVE]),
    ],
)
def test_an_edit_permutes_the_descriptors(edited: np.ndarray, permutation: np.ndarray) -> None:
    before, after = _vectors(_PICTURE), _vectors(edited)
    assert _matches(before[:, permutation], after) > 0.6 * len(before)
    assert _matches(before, after) < 0.3 * len(before)


def test_permutations_are_their_own_inverses_and_commute() -> None:
    for p in PERMUTATIONS:
        assert (p[p] == np.arange(128)).all()
    assert (MIRROR[NEGATIVE] == NEGATIVE[MIRROR]).all()


def test_finds_as_many_matches_as_opencv_after_a_blur() -> None:
    blurred = cv2.GaussianBlur(_PICTURE, (0, 0), 2)
    sift = cv2.SIFT.create(300, 3, 0.015, 12, 1.6)
    theirs = [
        root_sift(sift.detectAndCompute(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), None)[1]) for p in (_PICTURE, blurred)
    ]
    assert _matches(_vectors(blurred), _vectors(_PICTURE)) > 0.7 * _matches(theirs[1], theirs[0])


def test_points_follow_a_crop_and_a_turn() -> None:
    features = _EXTRACT(_PICTURE)
    turned = _EXTRACT(np.ascontiguousarray(np.rot90(_PICTURE)))
    best = (turned.vectors @ features.vectors.T).argmax(1)
    expected = np.stack([features.points[best, 1], 399 - features.points[best, 0]], 1)
    near = np.linalg.norm(turned.points - expected, axis=1) < 2
    assert near.mean() > 0.8
    angle = (turned.angle[near] - features.angle[best[near]]) % (2 * np.pi)
    assert np.median(angle) == pytest.approx(1.5 * np.pi, abs=0.1)
    assert np.median(turned.scale[near] / features.scale[best[near]]) == pytest.approx(1, abs=0.05)


def test_points_refer_to_the_full_size_picture() -> None:
    full = _EXTRACT(_PICTURE, width=4000, height=3000)
    assert full.points.max() > 2000
    assert (full.width, full.height) == (4000, 3000)


@pytest.mark.parametrize("picture", [np.full((60, 80, 3), 128, np.uint8), np.zeros((8, 8, 3), np.uint8)])
def test_a_flat_picture_has_no_points(picture: np.ndarray) -> None:
    features = _EXTRACT(picture)
    assert isinstance(features, LocalFeatures)
    assert len(features) == 0
    assert features.vectors.shape == (0, 128)


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert _vectors(_PICTURE).tobytes() == _vectors(_PICTURE).tobytes()
