"""The panels of a drawn match: pictures on a canvas.

Conventions: RGB; pixels as in ``lynkeus.core.findings``; OpenCV draws in the same convention (centre of the first pixel
at (0, 0)).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8

SHIFT = 4
"""Fractional bits of the coordinates that we give to OpenCV: sixteenths of a pixel, finer than the eye sees."""

PAPER = (247, 246, 243)
DARK = (16, 18, 20)
"""Background and dark ink, RGB; chosen by eye."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture on the canvas.

    Attributes:
        rgb: Pixels at the scale of the canvas.
        corner: Left and top of the panel, pixels of the canvas.
        to_canvas: Maps full-size pixels to the canvas.
        full: (width, height) at full size, pixels.
    """

    rgb: UInt8[np.ndarray, "h w 3"]
    corner: tuple[int, int]
    to_canvas: Float64[np.ndarray, "3 3"]
    full: tuple[int, int]

    @property
    def to_panel(self) -> Float64[np.ndarray, "3 3"]:
        """Maps full-size pixels to the pixels of the panel."""
        local = self.to_canvas.copy()
        local[:2, 2] -= self.corner
        return local


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel that a part of the evidence draws over the upload.

    Attributes:
        title: Title of the panel.
        rgb: Pixels; as large as the panel of the upload.
    """

    title: str
    rgb: UInt8[np.ndarray, "h w 3"]


def fixed(points: Float[np.ndarray, "n d"]) -> Int32[np.ndarray, "n d"]:
    """Points in sixteenths of a pixel, as OpenCV takes them; far points are clipped so that they fit 32 bits."""
    return np.round(points.clip(-1e6, 1e6) * (1 << SHIFT)).astype(np.int32)
