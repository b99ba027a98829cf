"""The media that can be registered and scanned (pictures, videos, texts), and spans of time in them."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from lynkeus.core.picture import Picture


class Medium(StrEnum):
    """The medium of a reference or an upload."""

    PICTURE = "picture"
    VIDEO = "video"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time.

    Attributes:
        start: Seconds from the first frame, at least 0.
        end: Seconds, at least ``start``.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span from {self.start} to {self.end} s, wanted 0 <= start <= end")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sample:
    """The thing to register: a picture, or one region of the picture.

    Attributes:
        source: The picture.
        region: Outline of the region, full-size pixels, corners in order; None means the whole picture.
    """

    source: Picture
    region: Float[np.ndarray, "n 2"] | None = None

    def picture(self) -> Picture:
        """The picture, cut to the upright box around the region where one is given."""
        if self.region is None:
            return self.source
        high, wide = self.source.rgb.shape[:2]
        zoom = np.array([wide / self.source.width, high / self.source.height])
        low = np.floor((self.region.min(axis=0) + 0.5) * zoom).astype(int).clip(0, [wide - 1, high - 1])
        upper = np.ceil((self.region.max(axis=0) + 0.5) * zoom).astype(int).clip(low + 1, [wide, high])
        width, height = np.maximum(np.rint((upper - low) / zoom), 1).astype(int).tolist()
        rgb = np.ascontiguousarray(self.source.rgb[low[1] : upper[1], low[0] : upper[0]])
        return replace(self.source, rgb=rgb, width=width, height=height)
