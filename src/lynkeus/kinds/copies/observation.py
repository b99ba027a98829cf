"""What is seen of an upload in which copies are looked for."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from lynkeus.matching.check import CheckedUpload, Frame


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame of the upload and the global vector of what it holds.

    Attributes:
        vector: Length 1.
        frame: The frame.
        baseline: Similarity of an unrelated picture to this vector.
    """

    vector: Float32[np.ndarray, "256"]
    frame: Frame
    baseline: float


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What is needed of an upload to match it.

    Attributes:
        upload: Its local features and pixels.
        looks: The whole picture first, then each picture that seems pasted into it.
    """

    upload: CheckedUpload
    looks: tuple[Look, ...]

    def most_alike(self, vector: Float32[np.ndarray, "256"]) -> tuple[Look, float]:
        """The look most similar to a vector, and by how much its similarity exceeds the baseline."""
        excess = [float(look.vector @ vector) - look.baseline for look in self.looks]
        best = int(np.argmax(excess))
        return self.looks[best], excess[best]
