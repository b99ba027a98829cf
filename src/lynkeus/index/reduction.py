"""Fewer numbers a vector: PCA, with L2 behind it.

Source: DeepFirearm (Hao et al. 2018, https://arxiv.org/abs/1806.02984): PCA *without* whitening, then L2 again; 128
numbers are no worse than 512 there. Its released code fits on the database that is then searched; here the vectors to
fit on are given, and should be those that trained.

Conventions: an axis's sign is free, and is chosen so that its largest number is above 0: the same vectors give the
same axes everywhere.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from lynkeus.core import ShapeError

_LEAST = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reduction:
    """A linear map and L2.

    Attributes:
        mean: Taken off first.
        axes: One a row, the widest first; scaled when whitened.
    """

    mean: Float64[np.ndarray, " d"]
    axes: Float64[np.ndarray, "k d"]

    def __call__(self, vectors: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n k"]:
        """The reduced vectors, of length 1; one that lies at the mean stays 0."""
        found = (vectors - self.mean) @ self.axes.T
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(length, _LEAST), np.float32)


def fit_reduction(vectors: Float[np.ndarray, "n d"], dim: int, *, whiten: bool = False) -> Reduction:
    """The directions in which vectors vary the most.

    Args:
        vectors: To fit on; not those that are searched later.
        dim: Numbers to keep.
        whiten: Make all directions equally wide, for comparison: narrow ones, mostly noise, then count as much.

    Raises:
        ShapeError: There are fewer vectors or numbers than directions wanted: at most n - 1 and d.
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
