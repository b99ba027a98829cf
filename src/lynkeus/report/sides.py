"""The two pictures of a finding on the page, each with its full size and its size on the page.

Conventions: display units have their origin in the corner of the shown picture, as in SVG and CSS; full-size pixels
have their origin in the centre of the first pixel. Both have y down.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from lynkeus.report.geometry import apply, clip, scaling

BOX = (400.0, 320.0)
"""Largest width and height of a picture, display units; two pictures and an overlay fit side by side on a screen."""

_MAX_ENLARGEMENT = 3.0
"""Largest enlargement of a small picture; chosen by eye, since larger pixels show no more detail."""


def shown_size(full: tuple[int, int]) -> tuple[float, float]:
    """Width and height, in display units, of a picture that fits into ``BOX``."""
    factor = min(BOX[0] / full[0], BOX[1] / full[1], _MAX_ENLARGEMENT)
    return round(full[0] * factor, 1), round(full[1] * factor, 1)


def listed(points: Float[np.ndarray, "n d"]) -> list[list[float]]:
    """Points in display units, rounded to a tenth, as lists."""
    return (np.round(points, 1) + 0.0).tolist()


@dataclass(frozen=True, slots=True)
class Side:
    """One picture on the page.

    Attributes:
        full: (width, height), pixels.
        shown: (width, height), display units.
    """

    full: tuple[int, int]
    shown: tuple[float, float]

    @property
    def to_shown(self) -> Float64[np.ndarray, "3 3"]:
        """Maps full-size pixels to display units."""
        return scaling(self.full, self.shown)

    def outline(self, polygon: Float[np.ndarray, "n 2"]) -> list[list[float]]:
        """The part of a polygon inside the picture, in display units."""
        return listed(apply(self.to_shown, clip(polygon, *self.full)))


@dataclass(frozen=True, slots=True)
class Sides:
    """Upload and reference on the page."""

    upload: Side
    reference: Side
