"""Covariance pooling: which channels of a map rise and fall together, instead of how high each is.

Source: bilinear pooling (Lin et al. 2015, https://arxiv.org/abs/1504.07889) with the matrix square root as
normalisation, by Newton and Schulz's iteration (Li et al. 2018, https://arxiv.org/abs/1712.01034, equations 3 to 6:
divided by the trace, five steps, multiplied by its root). Kept: all of that. Changed: the channels are first
turned to their principal axes and the strongest kept; off-diagonal elements, of which one of each two is kept, are
multiplied by the root of 2, so that the inner product of two vectors is that of their matrices.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

STEPS = 5
_LEAST = 1e-6


def matrix_root(covariance: Float[Tensor, "n d d"]) -> tuple[Float[Tensor, "n d d"], Float[Tensor, "n d d"]]:
    """Square root of covariance matrices and the factor in ``root = covariance @ factor``, near the root's inverse.

    Args:
        covariance: Symmetric, no eigenvalue below 0. One of zeros has the root of zeros.
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
    """Maps to one vector a picture: the root of the covariance of the strongest principal axes of their channels.

    Args:
        channels: Of the maps.
        kept: Axes.
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
        """Numbers a vector."""
        return len(self.upper)

    def places(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n i j d"]:
        """The maps along the axes, less their mean over the places."""
        along = self.reduce(maps.permute(0, 2, 3, 1))
        return along - along.mean(dim=(1, 2), keepdim=True)

    def forward(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n w"]:
        """The vectors."""
        root, _ = matrix_root(_covariance(self.places(maps)))
        return root.flatten(1)[:, self.upper] * self.scale

    def shares(self, maps: Float[Tensor, "n c i j"], directions: Float[Tensor, "m w"]) -> Float[Tensor, "n i j m"]:
        """What each place gives to the inner products of the vectors with some directions; they sum up to them.

        The root is ``sum_i y_i y_i^T F / n`` over the places i, F its factor: each place has a term of its own, whose
        inner product with the matrix M of a direction is ``y_i^T M F y_i / n``.
        """
        places = self.places(maps)
        _, factor = matrix_root(_covariance(places))
        matrices = (directions / self.scale)[:, self.element]
        turned = (places @ factor[:, None])[:, None] @ matrices[None, :, None]
        count = places.shape[1] * places.shape[2]
        return ((turned * places[:, None]).sum(dim=4) / count).permute(0, 2, 3, 1)

    @torch.no_grad()
    def fit(self, maps: Sequence[Float[Tensor, "_ c _ _"]]) -> None:
        """Set the axes to the principal ones of some maps, which may differ in height and width."""
        rows = torch.cat([one.permute(0, 2, 3, 1).flatten(0, 2) for one in maps]).double()
        _, axes = torch.linalg.eigh(torch.cov(rows.T))
        self.reduce.weight.copy_(axes.flip(1)[:, : len(self.reduce.weight)].T)


def _covariance(places: Float[Tensor, "n i j d"]) -> Float[Tensor, "n d d"]:
    rows = places.flatten(1, 2)
    return rows.transpose(1, 2) @ rows / rows.shape[1]
