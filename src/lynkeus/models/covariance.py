"""Covariance pooling: describes which channels of a map vary together, instead of the mean of each channel.

Source: bilinear pooling (Lin et al. 2015, https://arxiv.org/abs/1504.07889) with the matrix square root as
normalisation, by the Newton-Schulz iteration (Li et al. 2018, https://arxiv.org/abs/1712.01034, equations 3 to 6:
divide by the trace, five steps, multiply by the root of the trace). Changed: the channels are first projected on their
strongest principal axes. Of each two symmetric off-diagonal elements one is kept and multiplied by the root of 2, so
the inner product of two vectors equals the inner product of their matrices.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

STEPS = 5
"""Steps of the Newton-Schulz iteration, as in Li et al. 2018."""
_LEAST = 1e-6  # keeps the division by the trace finite for a constant map


def matrix_root(covariance: Float[Tensor, "n d d"]) -> tuple[Float[Tensor, "n d d"], Float[Tensor, "n d d"]]:
    """The root of covariance matrices, and the factor in ``root = covariance @ factor``, about the root's inverse.

    Args:
        covariance: Symmetric matrices without negative eigenvalues; a zero matrix has the zero root.
    """
    with torch.autocast(covariance.device.type, enabled=False):
        exact = covariance.float()
        unit = torch.eye(exact.shape[-1], device=exact.device)
        trace = (exact * unit).sum(dim=(1, 2), keepdim=True) + _LEAST
        root = exact / trace
        factor = unit.expand_as(root)
        for _ in range(STEPS):
            step = 1.5 * unit - 0.5 * factor @ root
            root, factor = root @ step, step @ factor
        width = trace.sqrt()
        return root * width, factor / width


class CovariancePool(nn.Module):
    """Pools maps to one vector per picture: the root of the covariance along the strongest principal axes.

    Args:
        channels: Channels of the maps.
        kept: Number of axes to keep.
    """

    upper: Tensor
    element: Tensor
    scale: Tensor

    def __init__(self, channels: int, kept: int) -> None:
        super().__init__()
        self.reduce = nn.Linear(channels, kept, bias=False)
        rows, columns = torch.triu_indices(kept, kept)
        element = torch.zeros((kept, kept), dtype=torch.int64)
        element[rows, columns] = element[columns, rows] = torch.arange(len(rows))
        self.register_buffer("upper", rows * kept + columns, persistent=False)
        self.register_buffer("element", element, persistent=False)
        self.register_buffer("scale", torch.where(rows == columns, 1.0, 2.0**0.5), persistent=False)

    @property
    def width(self) -> int:
        """Dimensions of a vector."""
        return len(self.upper)

    def places(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n i j d"]:
        """The maps along the axes, minus their mean over the places."""
        along = self.reduce(maps.permute(0, 2, 3, 1))
        return along - along.mean(dim=(1, 2), keepdim=True)

    def forward(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n w"]:
        """The vectors."""
        root, _ = matrix_root(_covariance(self.places(maps)))
        return root.flatten(1)[:, self.upper] * self.scale

    def shares(self, maps: Float[Tensor, "n c i j"], directions: Float[Tensor, "m w"]) -> Float[Tensor, "n i j m"]:
        """The share of each place in the inner products of the vectors with directions; the shares sum to the products.

        The root is ``sum_i y_i y_i^T F / n`` over the places i, with the factor F. The term of a place has the inner
        product ``y_i^T M F y_i / n`` with the matrix M of a direction.
        """
        places = self.places(maps)
        _, factor = matrix_root(_covariance(places))
        matrices = (directions / self.scale)[:, self.element]
        turned = (places @ factor[:, None])[:, None] @ matrices[None, :, None]
        count = places.shape[1] * places.shape[2]
        return ((turned * places[:, None]).sum(dim=4) / count).permute(0, 2, 3, 1)

    @torch.no_grad()
    def fit(self, maps: Sequence[Float[Tensor, "_ c _ _"]]) -> None:
        """Fit the principal axes to maps; the maps may differ in height and width."""
        rows = torch.cat([one.permute(0, 2, 3, 1).flatten(0, 2) for one in maps]).double()
        _, axes = torch.linalg.eigh(torch.cov(rows.T))
        self.reduce.weight.copy_(axes.flip(1)[:, : len(self.reduce.weight)].T)


def _covariance(places: Float[Tensor, "n i j d"]) -> Float[Tensor, "n d d"]:
    rows = places.flatten(1, 2)
    return rows.transpose(1, 2) @ rows / rows.shape[1]
