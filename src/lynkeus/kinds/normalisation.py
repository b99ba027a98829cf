"""Score normalisation: how similar an unrelated picture is anyway.

Source: SSCD (Pizzi et al., CVPR 2022, https://arxiv.org/abs/2202.10261), section 4.2. The mean similarity of a vector
to its nearest clean vectors is taken off each of its similarities.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from lynkeus.core import CorruptError


@dataclass(frozen=True, slots=True, eq=False)
class CleanVectors:
    """Vectors of clean pictures, or centres of clusters of such vectors.

    Attributes:
        vectors: Of length 1; may be none.
        neighbours: How many of the nearest count.
    """

    vectors: Float32[np.ndarray, "n d"]
    neighbours: int

    @classmethod
    def load(cls, file: Path, neighbours: int) -> "CleanVectors":
        """Read the vectors from a NumPy file.

        Raises:
            CorruptError: The file is missing or holds no vectors.
        """
        try:
            return cls(np.load(file, allow_pickle=False).astype(np.float32), neighbours)
        except (OSError, ValueError, EOFError) as error:
            raise CorruptError(f"{file}: no clean vectors: {error}") from error

    def baseline(self, vector: Float32[np.ndarray, " d"]) -> float:
        """Similarity of an unrelated picture to a vector; 0 without clean vectors."""
        if not len(self.vectors):
            return 0.0
        return float(np.sort(self.vectors @ vector)[-self.neighbours :].mean())

    def baselines(self, vectors: Float32[np.ndarray, "m d"]) -> Float32[np.ndarray, " m"]:
        """``baseline`` of many vectors at once, up to rounding."""
        if not len(self.vectors):
            return np.zeros(len(vectors), np.float32)
        last = max(len(self.vectors) - self.neighbours, 0)
        similarity = vectors @ self.vectors.T
        return np.partition(similarity, last, axis=1)[:, last:].mean(axis=1)

    def middle(self) -> Float32[np.ndarray, " d"]:
        """The mean clean vector; 0 without clean vectors."""
        if not len(self.vectors):
            return np.zeros(self.vectors.shape[1], np.float32)
        return self.vectors.mean(axis=0)

    def joined(self, more: Float32[np.ndarray, "m d"]) -> "CleanVectors":
        """With more clean vectors."""
        return CleanVectors(np.concatenate([self.vectors, more]), self.neighbours)
