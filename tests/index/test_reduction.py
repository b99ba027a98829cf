import numpy as np
import pytest

from lynkeus.core import ShapeError
from lynkeus.index.reduction import fit_reduction


@pytest.fixture
def vectors() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 8)) * np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.4, 0.3, 0.2]) + 7.0


@pytest.mark.parametrize("whiten", [False, True])
def test_projects_as_the_eigenvectors_of_the_covariance_do(vectors: np.ndarray, *, whiten: bool) -> None:
    width, axes = np.linalg.eigh(np.cov(vectors.T, bias=True))
    wanted = (vectors - vectors.mean(axis=0)) @ axes[:, ::-1][:, :3]
    if whiten:
        wanted = wanted / np.sqrt(width[::-1][:3])
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    found = fit_reduction(vectors, 3, whiten=whiten)(vectors)
    np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)


def test_all_directions_without_whitening_keep_the_angles_around_the_mean(vectors: np.ndarray) -> None:
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    found = fit_reduction(vectors, 8)(vectors)
    np.testing.assert_allclose(found @ found.T, centred @ centred.T, atol=1e-5)


def test_whitened_directions_are_equally_wide(vectors: np.ndarray) -> None:
    reduction = fit_reduction(vectors, 4, whiten=True)
    np.testing.assert_allclose(((vectors - reduction.mean) @ reduction.axes.T).std(axis=0), 1, rtol=1e-6)


def test_signs_do_not_depend_on_the_order_of_the_vectors(vectors: np.ndarray) -> None:
    np.testing.assert_allclose(fit_reduction(vectors, 5).axes, fit_reduction(vectors[::-1].copy(), 5).axes, atol=1e-8)


def test_a_vector_at_the_mean_stays_nothing(vectors: np.ndarray) -> None:
    reduction = fit_reduction(vectors, 2)
    assert reduction(reduction.mean[None]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("dim", [0, 9, 60])
def test_refuses_more_directions_than_there_are(vectors: np.ndarray, dim: int) -> None:
    with pytest.raises(ShapeError, match="wanted 1 to 8"):
        fit_reduction(vectors, dim)
    with pytest.raises(ShapeError, match="wanted 1 to 4"):
        fit_reduction(vectors[:5], 6)
