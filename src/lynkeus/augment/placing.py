"""The protocol of a disguise, and the place of the copy in the disguised picture.

Conventions: pictures are RGB, 0 to 255, rows first. A *transform* maps homogeneous coordinates (x, y) of the
original picture to the disguised picture; the centre of the first pixel is (0, 0). A *box* is x0, y0, x1, y1 in
pixel edges, so that ``image[y0:y1, x0:x1]`` is its content.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, UInt8

Number = float | int
Strength = Number | tuple[Number, Number]
"""A fixed strength, or the ends of a range from which each call draws uniformly."""

Colour = tuple[int, int, int]


@runtime_checkable
class Transform(Protocol):
    """A disguise: a picture in, a picture of any size out; all randomness comes from ``rng``."""

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h2 w2 3"]:
        """The disguised picture."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Placement:
    """A disguised picture and where the copy lies in it.

    Attributes:
        image: The disguised picture.
        transform: Original picture to disguised picture; None where no homography describes it (a swirl, say).
        box: Edges x0, y0, x1, y1 of the visible part of the copy, pixels.
    """

    image: UInt8[np.ndarray, "h w 3"]
    transform: Float64[np.ndarray, "3 3"] | None
    box: Float64[np.ndarray, "4"]


class Placing(ABC):
    """Base class of the disguises that move, cut or paste the picture."""

    __slots__ = ()

    @abstractmethod
    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """The disguised picture and the place of the copy."""

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h2 w2 3"]:
        """The disguised picture alone."""
        return self.place(image, rng).image


def draw(strength: Strength, rng: np.random.Generator) -> float:
    """A strength for one call: the fixed strength, or a number drawn uniformly from the range."""
    return float(rng.uniform(*strength)) if isinstance(strength, tuple) else float(strength)


def draw_count(strength: Strength, rng: np.random.Generator) -> int:
    """A whole number for one call; a range includes both ends."""
    if isinstance(strength, tuple):
        return int(rng.integers(round(strength[0]), round(strength[1]) + 1))
    return round(strength)


def draw_colour(colour: Colour | None, rng: np.random.Generator) -> Colour:
    """The given colour, or a random colour for None."""
    if colour is not None:
        return colour
    red, green, blue = (int(level) for level in rng.integers(0, 256, 3))
    return red, green, blue


def scaling(width: Number, height: Number) -> Float64[np.ndarray, "3 3"]:
    """The transform of a resize by these factors that keeps pixel centres: x' = (x + 1/2) f - 1/2."""
    return np.array([[width, 0, width / 2 - 0.5], [0, height, height / 2 - 0.5], [0, 0, 1]], np.float64)


def shifting(x: Number, y: Number) -> Float64[np.ndarray, "3 3"]:
    """The transform of a shift in pixels."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def box_of(
    transform: Float64[np.ndarray, "3 3"], before: tuple[int, int], after: tuple[int, int]
) -> Float64[np.ndarray, "4"]:
    """The box around a transformed picture, clipped to the visible area.

    Args:
        transform: Original picture to disguised picture.
        before: Height and width of the original picture, pixels.
        after: Height and width of the disguised picture, pixels.
    """
    height, width = before
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    return _around(corners, transform, after)


def moved_box(
    box: Float64[np.ndarray, "4"], transform: Float64[np.ndarray, "3 3"], after: tuple[int, int]
) -> Float64[np.ndarray, "4"]:
    """The box around a transformed box, clipped to a picture of ``after`` = height, width pixels."""
    x0, y0, x1, y1 = box
    return _around(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) - 0.5, transform, after)


def _around(
    corners: Float64[np.ndarray, "4 2"], transform: Float64[np.ndarray, "3 3"], after: tuple[int, int]
) -> Float64[np.ndarray, "4"]:
    ends = np.c_[corners, np.ones(4)] @ transform.T
    ends = ends[:, :2] / ends[:, 2:] + 0.5
    high = np.array([after[1], after[0]], np.float64)
    return np.concatenate([np.clip(ends.min(0), 0, high), np.clip(ends.max(0), 0, high)])


def placed(
    image: UInt8[np.ndarray, "h w 3"], transform: Float64[np.ndarray, "3 3"], before: tuple[int, ...]
) -> Placement:
    """A placement whose box follows from its transform; ``before`` is the shape of the original picture."""
    height, width = image.shape[:2]
    return Placement(image=image, transform=transform, box=box_of(transform, (before[0], before[1]), (height, width)))
