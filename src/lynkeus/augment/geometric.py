"""Geometric disguises: crops, pads, mirrors, turns, perspective, stretch, shear, resize.

Source: the augmentations of imgFp (ISC 2021) and SSCD (CVPR 2022, https://arxiv.org/abs/2202.10261);
the code is ours.
Conventions: as in ``placing``; rotations are in degrees, counter-clockwise on the screen.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from lynkeus.augment.placing import (
    Colour,
    Placement,
    Placing,
    Strength,
    draw,
    draw_colour,
    placed,
    scaling,
    shifting,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Crop(Placing):
    """Keep one part of the picture.

    Attributes:
        keep: Share of each side that remains, above 0 to 1.
        unlike: How much the two shares may differ, 0 to 1: each share is multiplied by a factor within 1 +- ``unlike``.
    """

    keep: Strength = 0.7
    unlike: float = 0.0

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Cut out a part at a uniformly drawn place."""
        height, width = image.shape[:2]
        keep = draw(self.keep, rng)
        tall, wide = np.clip(keep * rng.uniform(1 - self.unlike, 1 + self.unlike, 2), 0, 1)
        kept_height, kept_width = max(1, round(height * tall)), max(1, round(width * wide))
        top = int(rng.integers(height - kept_height + 1))
        left = int(rng.integers(width - kept_width + 1))
        part = np.ascontiguousarray(image[top : top + kept_height, left : left + kept_width])
        return placed(part, shifting(-left, -top), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pad(Placing):
    """Lay the picture on a larger plain canvas.

    Attributes:
        share: Width of the rim as a share of the picture's side, 0 and up; drawn for each of the four sides.
        fill: Colour of the rim; None draws one.
        square: Pad the shorter side to the longer one instead.
    """

    share: Strength = 0.25
    fill: Colour | None = (255, 255, 255)
    square: bool = False

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Lay the picture on the canvas."""
        height, width = image.shape[:2]
        if self.square:
            tall, wide = max(0, width - height), max(0, height - width)
            top, bottom, left, right = tall // 2, tall - tall // 2, wide // 2, wide - wide // 2
        else:
            top, bottom = (round(height * draw(self.share, rng)) for _ in range(2))
            left, right = (round(width * draw(self.share, rng)) for _ in range(2))
        fill = draw_colour(self.fill, rng)
        canvas = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=fill)
        return placed(np.asarray(canvas), shifting(left, top), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mirror(Placing):
    """Flip the picture.

    Attributes:
        way: ``horizontal`` swaps left and right, ``vertical`` swaps top and bottom.
    """

    way: Literal["horizontal", "vertical"] = "horizontal"

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:  # noqa: ARG002
        """Flip the picture."""
        height, width = image.shape[:2]
        if self.way == "horizontal":
            transform = np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], np.float64)
            return placed(np.ascontiguousarray(image[:, ::-1]), transform, image.shape)
        transform = np.array([[1, 0, 0], [0, -1, height - 1], [0, 0, 1]], np.float64)
        return placed(np.ascontiguousarray(image[::-1]), transform, image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotate(Placing):
    """Rotate the picture on a canvas that grows to hold the result; quarter turns are exact.

    Attributes:
        degrees: Angle of the rotation, counter-clockwise.
        fill: Colour of the corners; None draws one.
    """

    degrees: Strength = (-180.0, 180.0)
    fill: Colour | None = (0, 0, 0)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Rotate the picture."""
        height, width = image.shape[:2]
        angle = np.deg2rad(draw(self.degrees, rng))
        cosine, sine = np.round(np.cos(angle), 12), np.round(np.sin(angle), 12)
        turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float64)
        wide = max(1, round(abs(cosine) * width + abs(sine) * height))
        tall = max(1, round(abs(sine) * width + abs(cosine) * height))
        centred = shifting((wide - 1) / 2, (tall - 1) / 2) @ turn @ shifting((1 - width) / 2, (1 - height) / 2)
        return _warped(image, centred, (tall, wide), draw_colour(self.fill, rng))


@dataclass(frozen=True, kw_only=True, slots=True)
class Perspective(Placing):
    """Show the picture as if photographed from one side.

    Attributes:
        strength: Largest inward move of a corner as a share of the side, 0 to below 0.5.
        fill: Colour around the picture; None draws one.
    """

    strength: Strength = 0.2
    fill: Colour | None = (0, 0, 0)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Move each corner inwards by its own draw between half and all of the strength."""
        height, width = image.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
        inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        moves = draw(self.strength, rng) * rng.uniform(0, 1, (4, 2))
        moves[rng.integers(4)] = draw(self.strength, rng)
        ends = corners + inwards * moves * (width, height)
        transform = cv2.getPerspectiveTransform(corners.astype(np.float32), ends.astype(np.float32))
        return _warped(image, np.asarray(transform, np.float64), (height, width), draw_colour(self.fill, rng))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shear(Placing):
    """Shear the picture sideways on a canvas that grows to hold the result.

    Attributes:
        slope: Pixels to the right per pixel upwards.
        fill: Colour of the corners; None draws one.
    """

    slope: Strength = (-0.4, 0.4)
    fill: Colour | None = (0, 0, 0)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Shear the picture."""
        height, width = image.shape[:2]
        slope = draw(self.slope, rng)
        transform = np.array([[1, -slope, max(0.0, slope) * (height - 1)], [0, 1, 0], [0, 0, 1]], np.float64)
        size = (height, max(1, round(width + abs(slope) * (height - 1))))
        return _warped(image, transform, size, draw_colour(self.fill, rng))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch(Placing):
    """Change the aspect ratio and keep the area.

    Attributes:
        ratio: Factor on width / height; below 1 makes the picture taller.
    """

    ratio: Strength = (0.6, 1.67)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Resize each side by its own factor."""
        factor = float(np.sqrt(draw(self.ratio, rng)))
        return _resized(image, factor, 1 / factor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resize(Placing):
    """Make the picture smaller or larger.

    Attributes:
        factor: Factor on both sides, above 0.
    """

    factor: Strength = 0.25

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Resize both sides by the same factor."""
        factor = draw(self.factor, rng)
        return _resized(image, factor, factor)


def _resized(image: UInt8[np.ndarray, "h w 3"], wide: float, tall: float) -> Placement:
    height, width = image.shape[:2]
    size = (max(1, round(width * wide)), max(1, round(height * tall)))
    way = cv2.INTER_AREA if wide * tall < 1 else cv2.INTER_LINEAR
    transform = scaling(size[0] / width, size[1] / height)
    return placed(np.asarray(cv2.resize(image, size, interpolation=way)), transform, image.shape)


def _warped(
    image: UInt8[np.ndarray, "h w 3"],
    transform: Float64[np.ndarray, "3 3"],
    size: tuple[int, int],
    fill: Colour,
) -> Placement:
    wide, tall = size[1], size[0]
    warped = cv2.warpPerspective(
        image,
        transform,
        (wide, tall),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=fill,
    )
    return placed(np.asarray(warped), transform, image.shape)
