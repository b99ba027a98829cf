"""Disguises that bend or shuffle the picture: swirl, fisheye, wave, glass tiles, strips, tiles.

Source: common filters of picture editors; the code is ours.
Conventions: as in ``placing``. No homography describes these disguises, so ``transform`` is None. The box is the
whole picture, except that ``Tiles`` and ``Strips`` lose the remainder that they cut off.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.augment.placing import Placement, Placing, Strength, draw, draw_count


@dataclass(frozen=True, kw_only=True, slots=True)
class Swirl(Placing):
    """Twist the picture about its centre.

    Attributes:
        degrees: Rotation at the centre; the rotation fades towards the rim.
        radius: Radius at which the rotation has faded to a twentieth, as a share of the longest side.
    """

    degrees: Strength = 90.0
    radius: float = 0.6

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Twist the picture."""
        x, y = _centred(image)
        far = np.hypot(x, y) / (self.radius * max(image.shape[:2]))
        turn = np.deg2rad(draw(self.degrees, rng)) * np.exp(-3 * far)
        cosine, sine = np.cos(turn), np.sin(turn)
        return _remapped(image, x * cosine - y * sine, x * sine + y * cosine)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fisheye(Placing):
    """Bulge the picture like a wide lens.

    Attributes:
        strength: 0 changes nothing; 1 is a strong fisheye; below 0 pinches.
    """

    strength: Strength = 0.6

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Bulge the picture and keep the corners."""
        x, y = _centred(image)
        strength = draw(self.strength, rng)
        corner = float(np.hypot(*image.shape[:2])) / 2
        factor = (1 + strength * (np.hypot(x, y) / corner) ** 2) / (1 + strength)
        return _remapped(image, x * factor, y * factor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wave(Placing):
    """Make the picture wavy.

    Attributes:
        height: Height of the waves as a share of the longest side.
        length: Length of the waves as a share of the longest side.
    """

    height: Strength = 0.02
    length: Strength = 0.25

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Shift the rows and columns along sine waves."""
        x, y = _centred(image)
        longest = max(image.shape[:2])
        height, turn = draw(self.height, rng) * longest, 2 * np.pi / (draw(self.length, rng) * longest)
        phase = rng.uniform(0, 2 * np.pi, 2)
        return _remapped(image, x + height * np.sin(y * turn + phase[0]), y + height * np.sin(x * turn + phase[1]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Glass(Placing):
    """Show the picture through glass tiles, each a small lens.

    Attributes:
        cells: Tiles along the longest side.
        strength: How much each lens shrinks its view, 0 to 1.
    """

    cells: Strength = 12
    strength: Strength = 0.35

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Shrink the view in each tile, so that each tile repeats a little of its neighbours."""
        x, y = _centred(image)
        side = max(image.shape[:2]) / max(1, draw_count(self.cells, rng))
        strength = draw(self.strength, rng)
        x += (np.mod(x, side) - side / 2) * strength
        y += (np.mod(y, side) - side / 2) * strength
        return _remapped(image, x, y)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tiles(Placing):
    """Cut the picture into equal tiles and shuffle them.

    Attributes:
        rows: Tiles from top to bottom, 1 and up.
        columns: Tiles from left to right, 1 and up.
    """

    rows: int = 2
    columns: int = 2

    def __post_init__(self) -> None:
        """Check the numbers."""
        if min(self.rows, self.columns) < 1:
            raise ValueError(f"{self.rows} x {self.columns} tiles: both must be at least 1")

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Shuffle the tiles; a remainder that fills no tile is cut off."""
        tall, wide = max(1, image.shape[0] // self.rows), max(1, image.shape[1] // self.columns)
        rows, columns = min(self.rows, image.shape[0]), min(self.columns, image.shape[1])
        order = _derangement(rows * columns, rng)
        cut = image[: tall * rows, : wide * columns].reshape(rows, tall, columns, wide, 3).swapaxes(1, 2)
        laid = cut.reshape(rows * columns, tall, wide, 3)[order].reshape(rows, columns, tall, wide, 3)
        return _whole(np.ascontiguousarray(laid.swapaxes(1, 2)).reshape(rows * tall, columns * wide, 3))


@dataclass(frozen=True, kw_only=True, slots=True)
class Strips(Placing):
    """Cut the picture into vertical strips and shift each up or down.

    Attributes:
        count: Number of strips, 1 and up.
        shift: Largest shift as a share of the height; each strip wraps around.
    """

    count: int = 6
    shift: float = 0.15

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Shift the strips."""
        parts = np.array_split(image, min(self.count, image.shape[1]), 1)
        shifts = np.rint(rng.uniform(-self.shift, self.shift, len(parts)) * image.shape[0]).astype(int)
        moved = [np.roll(part, int(shift), 0) for part, shift in zip(parts, shifts, strict=True)]
        return _whole(np.concatenate(moved, 1))


def _derangement(count: int, rng: np.random.Generator) -> np.ndarray:
    order = rng.permutation(count)
    while count > 1 and np.array_equal(order, np.arange(count)):
        order = rng.permutation(count)
    return order


def _centred(
    image: UInt8[np.ndarray, "h w 3"],
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    height, width = image.shape[:2]
    y, x = np.indices((height, width), dtype=np.float32)
    return x - np.float32((width - 1) / 2), y - np.float32((height - 1) / 2)


def _remapped(image: UInt8[np.ndarray, "h w 3"], x: np.ndarray, y: np.ndarray) -> Placement:
    height, width = image.shape[:2]
    at_x, at_y = (x + (width - 1) / 2).astype(np.float32), (y + (height - 1) / 2).astype(np.float32)
    bent = cv2.remap(image, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return _whole(np.asarray(bent))


def _whole(image: UInt8[np.ndarray, "h w 3"]) -> Placement:
    height, width = image.shape[:2]
    return Placement(image=image, transform=None, box=np.array([0, 0, width, height], np.float64))
