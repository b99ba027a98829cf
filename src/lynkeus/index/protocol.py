"""What an index of vectors must do; ``lynkeus.testing.check_index`` tests it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The best hits of each query, best first; id -1 and score -inf where there are no more.

    Attributes:
        ids: Ids as they were added.
        score: Inner products, higher is more alike.
    """

    ids: Int64[np.ndarray, "queries count"]
    score: Float32[np.ndarray, "queries count"]


@runtime_checkable
class Index(Protocol):
    """Vectors under ids, searched by inner product."""

    def add(self, ids: Int64[np.ndarray, " n"], vectors: Float32[np.ndarray, "n dim"]) -> None:
        """Add vectors; an id that is already there is replaced.

        Raises:
            ShapeError: The vectors have another length than the index.
        """
        ...

    def remove(self, ids: Int64[np.ndarray, " n"]) -> None:
        """Forget ids; unknown ones are passed over."""
        ...

    def search(self, queries: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The ``count`` best hits of each query.

        Raises:
            ShapeError: The queries have another length than the index.
        """
        ...

    def __len__(self) -> int:
        """Number of vectors."""
        ...
