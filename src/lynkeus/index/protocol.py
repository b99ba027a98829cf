"""The protocol of a vector index; ``lynkeus.testing.check_index`` tests an implementation."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The best hits of each query, best first, padded with id -1 and score -inf.

    Attributes:
        ids: Ids as given to ``add``.
        score: Inner products, higher is more alike.
    """

    ids: Int64[np.ndarray, "queries count"]
    score: Float32[np.ndarray, "queries count"]


@runtime_checkable
class Index(Protocol):
    """Vectors under ids, searched by inner product."""

    def add(self, ids: Int64[np.ndarray, " n"], vectors: Float32[np.ndarray, "n dim"]) -> None:
        """Add vectors; a known id is replaced.

        Raises:
            ShapeError: The vectors have other dimensions than the index.
        """
        ...

    def remove(self, ids: Int64[np.ndarray, " n"]) -> None:
        """Remove ids; unknown ids are ignored."""
        ...

    def search(self, queries: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The ``count`` best hits of each query.

        Raises:
            ShapeError: The queries have other dimensions than the index.
        """
        ...

    def __len__(self) -> int:
        """Number of vectors."""
        ...
