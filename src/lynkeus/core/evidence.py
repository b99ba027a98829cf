"""Evidence: what a person can check about one finding, made of a closed set of parts.

A kind composes parts and brings no way to draw them. So whoever reads a finding can show the finding without the code
of the kind that made the finding.
Conventions: pixels, transforms and scores as in ``lynkeus.core.findings``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Float64


def similarity_of(product: float) -> float:
    """The similarity of two vectors of length 1; rounding can lead their inner product beyond 1.

    Args:
        product: Inner product of the vectors, near -1 to 1.

    Returns:
        The nearest number from -1 to 1.

    >>> similarity_of(1.0000002)
    1.0
    """
    return min(1.0, max(-1.0, product))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Alignment:
    """How the reference lies in the upload.

    Attributes:
        transform: Homography, reference to upload, full-size pixels.
        mirrored: The upload shows the reference mirrored.
        negative: The upload shows the reference with inverted colours.
        agreement: Share of textured blocks whose aligned pixels agree, 0 to 1; None where no pixels were compared.
        overlap: Share of the reference's area that is seen in the upload, 0 to 1; 0 where no pixels were compared.
    """

    transform: Float64[np.ndarray, "3 3"]
    mirrored: bool = False
    negative: bool = False
    agreement: float | None = None
    overlap: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Points:
    """Matched points that fit together; row i of one side belongs to row i of the other.

    Attributes:
        upload: Points (x, y) in the upload, full-size pixels.
        reference: The same points in the reference, full-size pixels.
    """

    upload: Float[np.ndarray, "n 2"]
    reference: Float[np.ndarray, "n 2"]

    @property
    def inliers(self) -> int:
        """Number of matched points."""
        return len(self.upload)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Heat:
    """How much each place of the upload speaks for the entity.

    Attributes:
        grid: 0 to 1, a grid over the whole upload; the first row is the top.
    """

    grid: Float32[np.ndarray, "i j"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Frames:
    """Moments at which upload and reference show the same; entry i of one side belongs to entry i of the other.

    Attributes:
        upload: Seconds from the start of the upload, at least 0.
        reference: Seconds from the start of the reference, at least 0.
    """

    upload: Float64[np.ndarray, " n"]
    reference: Float64[np.ndarray, " n"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Track:
    """Where the entity is seen at some moments of the upload.

    Attributes:
        at: Seconds from the start of the upload, at least 0, rising.
        boxes: A box (x0, y0, x1, y1) for each moment, full-size pixels.
    """

    at: Float64[np.ndarray, " n"]
    boxes: Float[np.ndarray, "n 4"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """A piece of the upload's text, and the part of that piece that matched.

    Attributes:
        text: The piece.
        start: Number of characters before the part that matched, at least 0.
        end: Number of characters up to the end of that part, from ``start`` to the length of the text.
    """

    text: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end <= len(self.text):
            raise ValueError(f"part from {self.start} to {self.end} of {len(self.text)} characters")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence:
    """What a person can check about one finding; a part that the kind does not have is None.

    Attributes:
        alignment: How the reference lies in the upload.
        points: Matched points of both sides.
        heat: A heat map over the upload.
        frames: Matching moments of both sides.
        track: A box at each of some moments.
        excerpt: Text with the part that matched.
        similarity: Similarity of the descriptors of upload and reference, -1 to 1; None where no model was used.
        facts: What the kind says besides, name to value, such as ``{"mask": "worn"}``.
    """

    alignment: Alignment | None = None
    points: Points | None = None
    heat: Heat | None = None
    frames: Frames | None = None
    track: Track | None = None
    excerpt: Excerpt | None = None
    similarity: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
