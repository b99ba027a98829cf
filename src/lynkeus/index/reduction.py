"""Dimensionality reduction: PCA, then L2 normalisation.

Source: DeepFirearm (Hao et al. 2018, https://arxiv.org/abs/1806.02984): PCA *without* whitening, then L2 again. In the
paper 128 dimensions are no worse than 512. The released code fits on the database that it then searches; here the
caller passes the vectors to fit on, which should be the training vectors.

Conventions: the sign of a principal axis is arbitrary. Here the largest component of each axis is above 0, so the same
vectors give the same axes on every machine.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from lynkeus.core import ShapeError

_LEAST = 1e-12  # keeps a division by 0 away; far below the length of any vector that is not 0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reduction:
    """A linear map, then L2 normalisation.

    Attributes:
        mean: Subtracted first.
        axes: Principal axes, one per row, largest variance first; scaled when whitened.
    """

    mean: Float64[np.ndarray, " d"]
    axes: Float64[np.ndarray, "k d"]

    def __call__(self, vectors: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n k"]:
        """The reduced vectors, of length 1; a vector equal to the mean becomes 0."""
        found = (vectors - self.mean) @ self.axes.T
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(length, _LEAST), np.float32)


def fit_reduction(vectors: Float[np.ndarray, "n d"], dim: int, *, whiten: bool = False) -> Reduction:
    """Fit the directions of the largest variance.

    Args:
        vectors: Vectors to fit on; not the vectors that are searched later.
        dim: Dimensions to keep.
        whiten: Give all directions the same variance. For comparison only: directions of noise then count as much.

    Raises:
        ShapeError: ``dim`` is below 1 or above the smaller of n - 1 and d.
    """
    most = min(len(vectors) - 1, vectors.shape[1])
    if not 1 <= dim <= most:
        raise ShapeError(f"{dim} directions of {vectors.shape[0]} vectors of {vectors.shape[1]}, wanted 1 to {most}")
    mean = vectors.mean(axis=0, dtype=np.float64)
    _, width, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    axes, width = axes[:dim], width[:dim]
    axes = axes * np.sign(axes[np.arange(dim), np.abs(axes).argmax(axis=1)])[:, None]
    if whiten:
        axes = axes / np.maximum(width[:, None], _LEAST) * len(vectors) ** 0.5
    return Reduction(mean=mean, axes=np.asarray(axes, np.float64))
