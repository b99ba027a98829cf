"""What can be registered and scanned: pictures, videos, texts; and spans of time within them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from lynkeus.core.picture import Picture


class Medium(StrEnum):
    """What a reference or an upload is."""

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
    """What is registered: a picture, or one place in it.

    Attributes:
        source: The picture.
        region: Outline of the place that is meant, full-size pixels, corners in order; None means all of it.
    """

    source: Picture
    region: Float[np.ndarray, "n 2"] | None = None
