"""Covariance pooling, compared with slow definitions."""

import pytest
import torch
from torch.autograd import gradcheck

from lynkeus.models.covariance import CovariancePool, matrix_root

pytestmark = pytest.mark.torch


def _covariance(count: int, width: int) -> torch.Tensor:
    rows = torch.randn(count, 200, width, generator=torch.Generator().manual_seed(0))
    return rows.transpose(1, 2) @ rows / 200


@torch.no_grad()
def test_the_root_of_wide_matrices_is_near_that_of_their_eigenvalues() -> None:
    covariance = _covariance(3, 6)
    root, factor = matrix_root(covariance)
    values, axes = torch.linalg.eigh(covariance.double())
    wanted = (axes * values.sqrt()[:, None]) @ axes.transpose(1, 2)
    torch.testing.assert_close(root.double(), wanted, atol=2e-3, rtol=0)
    torch.testing.assert_close(covariance @ factor, root)
    torch.testing.assert_close(root, root.transpose(1, 2))


@torch.no_grad()
def test_five_steps_of_newton_and_schulz_give_the_golden_numbers() -> None:
    root, _ = matrix_root(torch.tensor([[[4.0, 0.0], [0.0, 0.01]]]))
    value = 0.01 / 4.01
    y, z = value, 1.0
    for _ in range(5):
        step = 1.5 - 0.5 * z * y
        y, z = y * step, step * z
    assert root[0, 0, 0] == pytest.approx(2.0, abs=1e-4)
    assert root[0, 1, 1] == pytest.approx(y * 4.01**0.5, rel=1e-3)
    assert root[0, 1, 1] < 0.1  # the iteration gives less than the full root for directions of small variance


@torch.no_grad()
def test_a_flat_map_gives_zeros() -> None:
    pool = CovariancePool(5, 3)
    assert pool(torch.ones(2, 5, 4, 4)).abs().max() < 1e-6


def test_the_gradient_is_that_of_differences() -> None:
    def root(rows: torch.Tensor) -> torch.Tensor:
        return matrix_root((rows.transpose(1, 2) @ rows).float())[0]

    rows = torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    assert gradcheck(root, (rows,), eps=1e-2, atol=2e-2, rtol=2e-2)


@torch.no_grad()
def test_inner_products_of_vectors_are_those_of_the_matrices() -> None:
    maps = torch.randn(2, 8, 5, 6, generator=torch.Generator().manual_seed(1))
    pool = CovariancePool(8, 4)
    vectors = pool(maps)
    assert vectors.shape == (2, pool.width)
    places = pool.places(maps).flatten(1, 2)
    roots, _ = matrix_root(places.transpose(1, 2) @ places / 30)
    torch.testing.assert_close(vectors[0] @ vectors[1], (roots[0] * roots[1]).sum())


@torch.no_grad()
def test_the_shares_of_the_places_sum_up_to_the_inner_products() -> None:
    maps = torch.randn(2, 8, 5, 6, generator=torch.Generator().manual_seed(2))
    pool = CovariancePool(8, 4)
    directions = torch.randn(3, pool.width, generator=torch.Generator().manual_seed(3))
    shares = pool.shares(maps, directions)
    assert shares.shape == (2, 5, 6, 3)
    torch.testing.assert_close(shares.sum(dim=(1, 2)), pool(maps) @ directions.T)
    assert pool.shares(maps, directions[:0]).shape == (2, 5, 6, 0)


@torch.no_grad()
def test_the_axes_are_those_along_which_the_channels_vary_most() -> None:
    generator = torch.Generator().manual_seed(0)
    width = torch.tensor([0.1, 3.0, 0.2, 1.0])[:, None, None]
    maps = [torch.randn(2, 4, side, 7, generator=generator) * width + 5.0 for side in (6, 9)]
    pool = CovariancePool(4, 2)
    pool.fit(maps)
    axes = pool.reduce.weight.abs()
    assert axes.argmax(dim=1).tolist() == [1, 3]
    torch.testing.assert_close(pool.reduce.weight @ pool.reduce.weight.T, torch.eye(2), atol=1e-5, rtol=0)
