"""The one idea that makes the kinds alike: what a recogniser stores for a reference, and what it finds.

A recogniser sees a gallery through a view: its vectors, indexes and stored items, nothing of the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int64

from lynkeus.core import Evidence
from lynkeus.index.protocol import Neighbours

GLOBAL, LOCAL, THUMB, FRAMES = "global", "local", "thumb", "frames"
"""Names of stored items: global vectors, local features, thumbnail, the frame of each vector."""

OBJECT = "object"
"""Begins the names of vectors of objects; the rest says by which network, see ``lynkeus.kinds.objects.recogniser``."""

KEPT = (LOCAL, GLOBAL, THUMB, FRAMES)
"""What is stored of an upload or a background picture, beside the vector of objects."""

COPIES, OBJECTS = "copy", "object"
"""The kinds."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RawFinding:
    """A finding before calibration and policy.

    Attributes:
        reference_id: Number of the reference in the catalog.
        score: Continuous raw score, higher is more alike.
        evidence: What a person can check.
        region: Outline of the match in the upload, full-size pixels, corners in order; empty where unknown.
        reference_region: Outline of the matched part in the reference.
        figures: What the score was made of, name to number.
    """

    reference_id: int
    score: float
    evidence: Evidence
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    region: Float[np.ndarray, "n 2"] = field(default_factory=lambda: np.zeros((0, 2)))
    reference_region: Float[np.ndarray, "m 2"] = field(default_factory=lambda: np.zeros((0, 2)))


@runtime_checkable
class GalleryView(Protocol):
    """What a recogniser may see of the references of its kind."""

    def nearest(self, vectors: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The references with the most similar global vectors; ids are reference ids."""
        ...

    def nearest_points(
        self, queries: Float32[np.ndarray, "queries dim"], count: int
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Packed ids and squared distances of the nearest local points."""
        ...

    def items(self, reference_ids: Iterable[int], part: str) -> Mapping[int, bytes]:
        """Stored items of references; those without the part are left out."""
        ...
