"""Pictures on the canvas of a drawn match, and what is drawn onto them.

Conventions: RGB; pixels as in ``lynkeus.core.findings``; OpenCV draws in the same convention (centre of the first pixel
at (0, 0)).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8

SHIFT = 4
"""OpenCV draws in sixteenths of a pixel."""

PAPER = (247, 246, 243)
DARK = (16, 18, 20)


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture on the canvas.

    Attributes:
        rgb: Its pixels at the size of the canvas.
        corner: Left and top, pixels of the canvas.
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
    """What a part of the evidence puts over the upload, as a panel of its own.

    Attributes:
        title: Says what the panel shows.
        rgb: As large as the panel of the upload.
    """

    title: str
    rgb: UInt8[np.ndarray, "h w 3"]


def fixed(points: Float[np.ndarray, "n d"]) -> Int32[np.ndarray, "n d"]:
    """Points as OpenCV takes them, in sixteenths of a pixel; far ones are pulled near, where they fit 32 bits."""
    return np.round(points.clip(-1e6, 1e6) * (1 << SHIFT)).astype(np.int32)
