import numpy as np
import pytest
import torch

from lynkeus.models.embedders.copy_descriptor import CopyDescriptor, gem

pytestmark = pytest.mark.torch


def _pixels(n: int, side: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, side, side, 3), dtype=torch.uint8, generator=generator)


def test_pooling_is_the_cube_root_of_the_mean_cube() -> None:
    maps = torch.rand(2, 5, 3, 4)
    wanted = np.cbrt((maps.numpy().astype(float) ** 3).mean(axis=(2, 3)))
    np.testing.assert_allclose(gem(maps).numpy(), wanted, rtol=1e-5)


def test_pooling_has_a_finite_gradient_at_an_empty_map() -> None:
    maps = torch.zeros(1, 2, 3, 3, requires_grad=True)
    gem(maps).sum().backward()
    assert maps.grad is not None
    assert bool(torch.isfinite(maps.grad).all())


def test_gradients_of_the_pooling_are_right() -> None:
    maps = (torch.rand(2, 3, 2, 2, dtype=torch.float64) + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(gem, (maps,))


def test_descriptors_have_length_one() -> None:
    descriptors = CopyDescriptor(dim=8).eval()(_pixels(3))
    torch.testing.assert_close(descriptors.norm(dim=1), torch.ones(3))


def test_a_descriptor_does_not_depend_on_its_neighbours_in_the_batch() -> None:
    model, pixels = CopyDescriptor(dim=8).eval(), _pixels(3)
    alone = torch.cat([model(picture[None]) for picture in pixels])
    torch.testing.assert_close(model(pixels), alone, rtol=1e-4, atol=1e-5)


def test_whitening_makes_the_numbers_uncorrelated_and_equally_wide() -> None:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(1280, 1280, generator=generator) / 36
    pooled = torch.randn(3000, 1280, generator=generator) @ mixing + 2.0
    model = CopyDescriptor(dim=16)
    model.whiten(pooled, shrink=0.0)
    covariance = torch.cov(model.project(pooled).detach().T)
    wanted = torch.eye(16) * covariance.diagonal().mean()
    torch.testing.assert_close(covariance, wanted, rtol=0, atol=float(wanted[0, 0]) * 0.02)
    torch.testing.assert_close(model.project(pooled).mean(dim=0), torch.zeros(16), rtol=0, atol=1e-3)


def test_shrinking_keeps_weak_directions_from_blowing_up() -> None:
    pooled = torch.randn(2000, 1280, generator=torch.Generator().manual_seed(0))
    pooled *= torch.linspace(3.0, 0.1, 1280)
    plain, shrunk = CopyDescriptor(dim=64), CopyDescriptor(dim=64)
    plain.whiten(pooled, shrink=0.0)
    shrunk.whiten(pooled, shrink=10.0)

    def widths(model: CopyDescriptor) -> torch.Tensor:
        return model.project(pooled).detach().std(dim=0)

    assert float(widths(plain).max() / widths(plain).min()) < 1.05
    assert float(widths(shrunk).max() / widths(shrunk).min()) > 1.1
