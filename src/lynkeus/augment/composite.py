"""Disguises that combine the picture with others: paste, inset, collage, blend, split.

Source: "overlay onto a random background" of imgFp (ISC 2021) and AugLy (https://arxiv.org/abs/2201.06494);
the code is ours. Conventions: as in ``placing``; a fraction refers to the side, not to the area.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from lynkeus.augment.placing import Placement, Placing, Strength, draw, placed, scaling, shifting

Pictures = Sequence[UInt8[np.ndarray, "_ _ 3"]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Paste(Placing):
    """Paste the picture into another picture.

    Attributes:
        hosts: Pictures to paste into, at least one.
        fraction: Longest side of the pasted picture as a share of the host's same side, above 0 to 1.
        degrees: Rotation of the pasted picture, counter-clockwise.
        opacity: Opacity of the pasted picture, 0 to 1.
        canvas: Lowest and highest longest side of the result, pixels. Within this range the result is as large
            as the pasted picture needs to keep its own size.
    """

    hosts: Pictures
    fraction: Strength = (0.3, 0.8)
    degrees: Strength = 0.0
    opacity: Strength = 1.0
    canvas: tuple[int, int] = (256, 1024)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Paste the picture at a uniformly drawn place, wholly inside the host."""
        host = pick(self.hosts, rng)
        fraction, turn = draw(self.fraction, rng), float(np.deg2rad(draw(self.degrees, rng)))
        longest = int(np.clip(max(image.shape[:2]) / fraction, *self.canvas))
        under = resized_to(host, longest).copy()
        size, centre = _fitted(image, under, fraction, turn, rng)
        small = _squeezed(image, *size)
        move = _turned_about(size, turn, centre)
        transform = move @ scaling(size[0] / image.shape[1], size[1] / image.shape[0])
        placement = placed(under, transform, image.shape)
        _lay_moved(under, small, move, (placement.box, draw(self.opacity, rng)))
        return placement


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Inset(Placing):
    """Paste another picture into this one (picture in picture).

    Attributes:
        others: Pictures to choose from, at least one.
        fraction: Side of the pasted picture as a share of this picture's side, above 0 to 1.
    """

    others: Pictures
    fraction: Strength = 0.35

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Paste another picture near a corner."""
        height, width = image.shape[:2]
        other = pick(self.others, rng)
        factor = draw(self.fraction, rng) * min(height / other.shape[0], width / other.shape[1])
        wide, tall = max(1, round(other.shape[1] * factor)), max(1, round(other.shape[0] * factor))
        small = np.asarray(cv2.resize(other, (wide, tall), interpolation=cv2.INTER_AREA))
        rim = round(0.03 * min(height, width))
        x = int(rng.choice([min(rim, width - wide), max(0, width - wide - rim)]))
        y = int(rng.choice([min(rim, height - tall), max(0, height - tall - rim)]))
        canvas = image.copy()
        canvas[y : y + tall, x : x + wide] = small
        return placed(canvas, np.eye(3), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Collage(Placing):
    """Put the picture into one cell of a grid, other pictures into the rest.

    Attributes:
        others: Pictures to choose the others from, at least one.
        rows: Cells from top to bottom.
        columns: Cells from left to right.
        canvas: Longest side of the result without the lines, pixels. With None the result is as large as the
            picture needs to keep its own size, at most 1024.
        rim: White line between the cells, pixels.
    """

    others: Pictures
    rows: int = 2
    columns: int = 2
    canvas: int | None = None
    rim: int = 4

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Fill the grid: squeeze the whole picture into its cell, and crop the others to fill theirs."""
        height, width = image.shape[:2]
        longest = max(height * self.rows, width * self.columns)
        limit = self.canvas if self.canvas is not None else min(longest, 1024)
        factor = limit / longest
        tall, wide = max(1, round(height * factor)), max(1, round(width * factor))
        cells = self.rows * self.columns
        mine = int(rng.integers(cells))
        picks = rng.permutation(len(self.others))
        step_x, step_y = wide + self.rim, tall + self.rim
        canvas = np.full((step_y * self.rows - self.rim, step_x * self.columns - self.rim, 3), 255, np.uint8)
        for cell in range(cells):
            y, x = cell // self.columns * step_y, cell % self.columns * step_x
            other = self.others[int(picks[cell % len(picks)])]
            part = _squeezed(image, wide, tall) if cell == mine else filled(other, wide, tall)
            canvas[y : y + tall, x : x + wide] = part
        y, x = mine // self.columns * step_y, mine % self.columns * step_x
        return placed(canvas, shifting(x, y) @ scaling(wide / width, tall / height), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Blend(Placing):
    """Mix the picture with another one, pixel by pixel.

    Attributes:
        others: Pictures to choose from, at least one.
        opacity: Weight of this picture, 0 to 1.
    """

    others: Pictures
    opacity: Strength = 0.6

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Blend the two pictures; the other picture is cropped to the shape of this one."""
        height, width = image.shape[:2]
        other = filled(pick(self.others, rng), width, height)
        opacity = draw(self.opacity, rng)
        mixed = cv2.addWeighted(image, opacity, other, 1 - opacity, 0)
        return placed(np.asarray(mixed), np.eye(3), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Split(Placing):
    """Show another picture beyond a slanted line.

    Attributes:
        others: Pictures to choose from, at least one.
        share: Approximate share of this picture that stays, 0 to 1.
    """

    others: Pictures
    share: Strength = 0.5

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Cover one side of a line whose direction is drawn uniformly."""
        height, width = image.shape[:2]
        other = filled(pick(self.others, rng), width, height)
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.ogrid[0:height, 0:width]
        along = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)
        reach = (abs(np.cos(angle)) + abs(np.sin(angle))) / 2
        mine = along < (2 * draw(self.share, rng) - 1) * reach
        return placed(np.where(mine[..., None], image, other), np.eye(3), image.shape)


def pick(pictures: Pictures, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """One of the pictures, drawn uniformly."""
    return pictures[int(rng.integers(len(pictures)))]


def resized_to(image: UInt8[np.ndarray, "h w 3"], longest: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The picture, resized to ``longest`` pixels on its longest side."""
    factor = longest / max(image.shape[:2])
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    return _squeezed(image, width, height)


def filled(image: UInt8[np.ndarray, "h w 3"], width: int, height: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The centre of the picture, cropped and resized to ``width`` x ``height`` pixels."""
    factor = max(width / image.shape[1], height / image.shape[0])
    wide, tall = (
        min(side, max(1, round(want / factor))) for side, want in zip(image.shape[1::-1], (width, height), strict=True)
    )
    top, left = (image.shape[0] - tall) // 2, (image.shape[1] - wide) // 2
    return _squeezed(image[top : top + tall, left : left + wide], width, height)


def _squeezed(image: UInt8[np.ndarray, "h w 3"], width: int, height: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way))


def _fitted(
    image: UInt8[np.ndarray, "h w 3"],
    host: UInt8[np.ndarray, "hh hw 3"],
    fraction: float,
    turn: float,
    rng: np.random.Generator,
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Width and height of the pasted picture, and a centre that keeps the picture inside the host."""
    height, width = image.shape[:2]
    room = np.array(host.shape[1::-1], np.float64)
    cosine, sine = abs(np.cos(turn)), abs(np.sin(turn))
    spread = np.array([[cosine, sine], [sine, cosine]])
    factor = min(fraction * float(min(room / (width, height))), float(min(room / (spread @ (width, height)))))
    wide, tall = max(1, round(width * factor)), max(1, round(height * factor))
    extent = spread @ (wide, tall)
    corner = np.floor(rng.uniform(0, 1, 2) * np.maximum(room - extent, 0))
    centre = corner + extent / 2 - 0.5
    return (wide, tall), (float(centre[0]), float(centre[1]))


def _turned_about(size: tuple[int, int], turn: float, centre: tuple[float, float]) -> Float64[np.ndarray, "3 3"]:
    cosine, sine = np.cos(turn), np.sin(turn)
    about = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float64)
    return shifting(*centre) @ about @ shifting((1 - size[0]) / 2, (1 - size[1]) / 2)


def _lay_moved(
    under: UInt8[np.ndarray, "h w 3"],
    over: UInt8[np.ndarray, "oh ow 3"],
    move: Float64[np.ndarray, "3 3"],
    where: tuple[Float64[np.ndarray, "4"], float],
) -> None:
    """Lay a transformed picture on a canvas, in place; ``where`` is the box it covers and its opacity."""
    box, opacity = where
    x0, y0 = (int(low) for low in np.floor(box[:2] + 1e-6))
    x1, y1 = (int(high) for high in np.ceil(box[2:] - 1e-6))
    part = under[y0:y1, x0:x1]
    turned = (shifting(-x0, -y0) @ move)[:2]
    size = (part.shape[1], part.shape[0])
    moved = np.asarray(cv2.warpAffine(over, turned, size, borderMode=cv2.BORDER_REPLICATE))
    alpha = np.asarray(cv2.warpAffine(np.full(over.shape[:2], 255, np.uint8), turned, size)).astype(np.uint16)
    alpha = (alpha * np.float32(opacity)).round().astype(np.uint16)[..., None]
    part[:] = (moved * alpha + part * (255 - alpha) + 127) // 255
