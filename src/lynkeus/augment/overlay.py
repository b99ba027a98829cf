"""Disguises that lay something on the picture: text, stickers, cut-outs, watermarks, mosaic; the size stays.

Source: the augmentations of imgFp (ISC 2021) and AugLy (https://arxiv.org/abs/2201.06494); the code is ours.
Conventions: RGB, 0 to 255; stickers are RGBA with straight alpha; lengths are shares of the picture's side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.augment.degrade import coarse
from lynkeus.augment.lettering import lettered, some_words
from lynkeus.augment.placing import Colour, Strength, draw, draw_colour, draw_count


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Write lines of text across the picture.

    Attributes:
        lines: Number of lines.
        size: Height of the letters as a share of the picture's height.
        colour: Colour of the letters; None draws one per line.
        opacity: 0 to 1.
        outline: Draw a thin contrasting outline around the letters.
    """

    lines: Strength = (1, 4)
    size: Strength = (0.06, 0.16)
    colour: Colour | None = None
    opacity: Strength = 1.0
    outline: bool = True

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with text at random places."""
        canvas = image.copy()
        height, width = image.shape[:2]
        for _ in range(draw_count(self.lines, rng)):
            mask = lettered(some_words(1, 5, rng), max(8, round(draw(self.size, rng) * height)))
            if mask.shape[1] > width:
                mask = np.asarray(cv2.resize(mask, (width, max(1, mask.shape[0] * width // mask.shape[1]))))
            x = int(rng.integers(max(1, width - mask.shape[1] + 1)))
            y = int(rng.integers(max(1, height - mask.shape[0] + 1)))
            colour, opacity = draw_colour(self.colour, rng), draw(self.opacity, rng)
            if self.outline:
                rim = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)))
                ink(canvas, rim, (x, y), _contrast(colour), opacity)
            ink(canvas, mask, (x, y), colour, opacity)
        return canvas


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stickers:
    """Lay emoji or other stickers on the picture.

    Attributes:
        stickers: RGBA pictures to choose from, at least one.
        count: Number of stickers.
        size: Longest side of a sticker as a share of the picture's shorter side.
        degrees: Largest rotation of a sticker in either direction.
    """

    stickers: Sequence[UInt8[np.ndarray, "_ _ 4"]]
    count: Strength = (1, 4)
    size: Strength = (0.15, 0.4)
    degrees: float = 30.0

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with stickers at random places, each wholly inside the picture."""
        canvas = image.copy()
        height, width = image.shape[:2]
        for _ in range(draw_count(self.count, rng)):
            sticker = self.stickers[int(rng.integers(len(self.stickers)))]
            side = max(4, round(draw(self.size, rng) * min(height, width)))
            factor = side / max(sticker.shape[:2])
            turn = cv2.getRotationMatrix2D(
                ((sticker.shape[1] - 1) / 2, (sticker.shape[0] - 1) / 2),
                rng.uniform(-self.degrees, self.degrees),
                factor,
            )
            turn[:, 2] += (side - np.array(sticker.shape[1::-1])) / 2
            turned = np.asarray(cv2.warpAffine(sticker, turn, (side, side), flags=cv2.INTER_LINEAR))
            x, y = (int(rng.integers(max(1, length - side + 1))) for length in (width, height))
            lay(canvas, turned, (x, y))
        return canvas


@dataclass(frozen=True, kw_only=True, slots=True)
class CutOuts:
    """Cover rectangles with plain colours.

    Attributes:
        count: Number of rectangles.
        side: Sides of a rectangle as shares of the picture's sides, drawn for each rectangle.
        fill: Colour of the rectangles; None draws one for each.
    """

    count: Strength = (1, 5)
    side: Strength = (0.1, 0.35)
    fill: Colour | None = None

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with parts covered."""
        canvas = image.copy()
        height, width = image.shape[:2]
        for _ in range(draw_count(self.count, rng)):
            tall = min(height, max(1, round(draw(self.side, rng) * height)))
            wide = min(width, max(1, round(draw(self.side, rng) * width)))
            y, x = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
            canvas[y : y + tall, x : x + wide] = draw_colour(self.fill, rng)
        return canvas


@dataclass(frozen=True, kw_only=True, slots=True)
class Mosaic:
    """Pixelate one part of the picture, as people hide faces and number plates.

    Attributes:
        side: Share of each side that the mosaic covers, 0 to 1.
        cells: Squares along the longest side of the mosaic.
        centred: Put the mosaic in the middle instead of anywhere.
    """

    side: Strength = 0.5
    cells: Strength = 8
    centred: bool = True

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with one part pixelated."""
        canvas = image.copy()
        height, width = image.shape[:2]
        side = draw(self.side, rng)
        tall, wide = max(1, round(side * height)), max(1, round(side * width))
        if self.centred:
            y, x = (height - tall) // 2, (width - wide) // 2
        else:
            y, x = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
        part = np.ascontiguousarray(canvas[y : y + tall, x : x + wide])
        cells = max(1, draw_count(self.cells, rng))
        canvas[y : y + tall, x : x + wide] = coarse(part, max(1.0, max(tall, wide) / cells), cv2.INTER_NEAREST)
        return canvas


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermark:
    """Repeat a slanted transparent text over the whole picture, as stock agencies do.

    Attributes:
        text: The text; empty draws one.
        opacity: 0 to 1.
        size: Height of the letters as a share of the picture's height.
        degrees: Slant of the text.
    """

    text: str = ""
    opacity: Strength = 0.45
    size: Strength = 0.07
    degrees: Strength = 30.0

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture under a grid of text."""
        height, width = image.shape[:2]
        word = lettered(self.text or some_words(1, 2, rng), max(8, round(draw(self.size, rng) * height)))
        tile = np.pad(word, ((word.shape[0], word.shape[0]), (word.shape[0], word.shape[0])))
        side = int(np.hypot(height, width)) + 2
        repeats = (side // tile.shape[0] + 1, side // tile.shape[1] + 1)
        grid = np.ascontiguousarray(np.tile(tile, repeats)[:side, :side])
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), draw(self.degrees, rng), 1.0)
        turn[:, 2] += (np.array([width, height]) - side) / 2
        mask = np.asarray(cv2.warpAffine(grid, turn, (width, height)))
        canvas = image.copy()
        ink(canvas, mask, (0, 0), (255, 255, 255), draw(self.opacity, rng))
        return canvas


def ink(
    canvas: UInt8[np.ndarray, "h w 3"],
    mask: UInt8[np.ndarray, "mh mw"],
    at: tuple[int, int],
    colour: Colour,
    opacity: float,
) -> None:
    """Colour a canvas through a mask, in place.

    Args:
        canvas: Changed in place.
        mask: Weight of the colour, 0 to 255.
        at: x and y of the mask's first pixel in the canvas, 0 and up; the canvas clips the mask.
        colour: The colour.
        opacity: 0 to 1.
    """
    plain = np.empty((*mask.shape, 4), np.uint8)
    plain[..., :3] = colour
    plain[..., 3] = np.rint(mask * np.float32(opacity))
    lay(canvas, plain, at)


def lay(canvas: UInt8[np.ndarray, "h w 3"], sticker: UInt8[np.ndarray, "sh sw 4"], at: tuple[int, int]) -> None:
    """Lay an RGBA picture on a canvas, in place.

    Args:
        canvas: Changed in place.
        sticker: RGBA, straight alpha.
        at: x and y of the sticker's first pixel in the canvas, 0 and up; the canvas clips the sticker.
    """
    x, y = at
    under = canvas[y : y + sticker.shape[0], x : x + sticker.shape[1]]
    over = sticker[: under.shape[0], : under.shape[1]]
    alpha = over[..., 3:].astype(np.uint16)
    under[:] = (over[..., :3] * alpha + under * (255 - alpha) + 127) // 255


def _contrast(colour: Colour) -> Colour:
    return (0, 0, 0) if sum(colour) > 382 else (255, 255, 255)
