"""The exact point index in plain NumPy: the slow version of ``PointIndex``, and enough for one reference."""

import numpy as np
from jaxtyping import Float32, Int64


class FlatPointIndex:
    """Compares every query with every point.

    Args:
        vectors: Projected descriptors.
        ids: Id of each point.
    """

    def __init__(self, vectors: Float32[np.ndarray, "n dim"], ids: Int64[np.ndarray, " n"]) -> None:
        self._vectors = vectors
        self._ids = ids

    def __len__(self) -> int:
        """Number of points."""
        return len(self._ids)

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], count: int
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Ids and squared distances of the nearest points, padded with -1 and infinity."""
        distance = (queries**2).sum(1)[:, None] + (self._vectors**2).sum(1) - 2 * queries @ self._vectors.T
        order = np.argsort(distance, axis=1, kind="stable")[:, :count]
        missing = ((0, 0), (0, max(count - len(self), 0)))
        return (
            np.pad(self._ids[order], missing, constant_values=-1),
            np.pad(np.take_along_axis(distance, order, 1), missing, constant_values=np.inf).astype(np.float32),
        )
