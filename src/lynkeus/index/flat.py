"""The exact index in plain NumPy: the reference that tests compare all other indexes with."""

import numpy as np
from jaxtyping import Float32, Int64

from lynkeus.core.errors import ShapeError
from lynkeus.index.protocol import Neighbours


class FlatIndex:
    """Compares every query with every vector."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, dim), np.float32)

    def __len__(self) -> int:
        """Number of vectors."""
        return len(self._ids)

    def add(self, ids: Int64[np.ndarray, " n"], vectors: Float32[np.ndarray, "n dim"]) -> None:
        """Add vectors; a known id is replaced; the last vector of a repeated id counts."""
        check_length(vectors, self.dim)
        self.remove(ids)
        last = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
        self._ids = np.concatenate([self._ids, ids[last]])
        self._vectors = np.concatenate([self._vectors, vectors[last]])

    def remove(self, ids: Int64[np.ndarray, " n"]) -> None:
        """Remove ids; unknown ids are ignored."""
        keep = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[keep], self._vectors[keep]

    def search(self, queries: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The ``count`` best hits of each query; ties go to the smaller id."""
        check_length(queries, self.dim)
        score = queries @ self._vectors.T
        order = np.lexsort((np.broadcast_to(self._ids, score.shape), -score), axis=1)[:, :count]
        missing = ((0, 0), (0, max(count - len(self), 0)))
        return Neighbours(
            np.pad(self._ids[order], missing, constant_values=-1),
            np.pad(np.take_along_axis(score, order, 1), missing, constant_values=-np.inf).astype(np.float32),
        )


def check_length(vectors: Float32[np.ndarray, "n dim"], dim: int) -> None:
    """Raise ShapeError unless the vectors have ``dim`` dimensions."""
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise ShapeError(f"vectors of shape {vectors.shape}, wanted (n, {dim})")
