"""Score normalisation: how similar an unrelated picture is anyway.

Source: SSCD (Pizzi et al., CVPR 2022, https://arxiv.org/abs/2202.10261), section 4.2. The mean similarity of a vector
to its nearest clean vectors is taken off each of its similarities.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32


@dataclass(frozen=True, slots=True, eq=False)
class CleanVectors:
    """Vectors of clean pictures, or centres of clusters of such vectors.

    Attributes:
        vectors: Of length 1; may be none.
        neighbours: How many of the nearest count.
    """

    vectors: Float32[np.ndarray, "n d"]
    neighbours: int

    def baseline(self, vector: Float32[np.ndarray, " d"]) -> float:
        """Similarity of an unrelated picture to a vector; 0 without clean vectors."""
        if not len(self.vectors):
            return 0.0
        return float(np.sort(self.vectors @ vector)[-self.neighbours :].mean())

    def middle(self) -> Float32[np.ndarray, " d"]:
        """The mean clean vector; 0 without clean vectors."""
        if not len(self.vectors):
            return np.zeros(self.vectors.shape[1], np.float32)
        return self.vectors.mean(axis=0)

    def joined(self, more: Float32[np.ndarray, "m d"]) -> "CleanVectors":
        """With more clean vectors."""
        return CleanVectors(np.concatenate([self.vectors, more]), self.neighbours)
