"""Disguises that put a frame around the picture: caption bars, borders, a phone's screen.

Source: "meme format" and "overlay onto screenshot" of AugLy (https://arxiv.org/abs/2201.06494); the code is
ours. Conventions: as in ``placing``.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.augment.composite import resized_to
from lynkeus.augment.lettering import lettered, some_words
from lynkeus.augment.overlay import ink
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
class Caption(Placing):
    """Add bars with text, as memes have.

    Attributes:
        where: Where the bars lie.
        size: Height of a bar as a share of the picture's height.
        bar: Colour of the bars; None draws one.
    """

    where: Literal["top", "bottom", "both"] = "top"
    size: Strength = 0.2
    bar: Colour | None = (255, 255, 255)

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Add the bars."""
        height, width = image.shape[:2]
        tall = max(12, round(draw(self.size, rng) * height))
        bar = draw_colour(self.bar, rng)
        top = tall if self.where != "bottom" else 0
        bottom = tall if self.where != "top" else 0
        canvas = np.empty((height + top + bottom, width, 3), np.uint8)
        canvas[:] = bar
        canvas[top : top + height] = image
        letters = (0, 0, 0) if sum(bar) > 382 else (255, 255, 255)
        for start in [0] * bool(top) + [top + height] * bool(bottom):
            for line in range(2):
                room = (int(0.04 * width), start + int((0.1 + 0.44 * line) * tall), int(0.92 * width))
                write(canvas, some_words(3, 6, rng), room, int(0.34 * tall), letters)
        return placed(canvas, shifting(0, top), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Border(Placing):
    """Put an even border around the picture.

    Attributes:
        share: Width of the border as a share of the longest side.
        colour: Colour of the border; None draws one.
        polaroid: Make the lower border four times as wide, as on an instant photograph.
    """

    share: Strength = 0.06
    colour: Colour | None = None
    polaroid: bool = False

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Add the border."""
        rim = max(1, round(draw(self.share, rng) * max(image.shape[:2])))
        colour = draw_colour(self.colour, rng)
        below = rim * 4 if self.polaroid else rim
        canvas = cv2.copyMakeBorder(image, rim, below, rim, rim, cv2.BORDER_CONSTANT, value=colour)
        return placed(np.asarray(canvas), shifting(rim, rim), image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Screenshot(Placing):
    """Show the picture as a post on a phone's screen: status bar, header, text, buttons.

    Attributes:
        width: Width of the screen, pixels, 64 and up.
        ratio: Height of the screen over its width; the screen grows for a picture that needs more.
        dark: Dark mode; None draws the mode.
    """

    width: int = 540
    ratio: Strength = (1.6, 2.1)
    dark: bool | None = None

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Draw the screen around the picture."""
        wide, unit = self.width, self.width / 540
        side = max(1, round(image.shape[0] * wide / image.shape[1]))
        small = np.asarray(cv2.resize(image, (wide, side), interpolation=cv2.INTER_AREA))
        if side > 1.5 * wide:
            small = resized_to(image, round(1.5 * wide))
        dark = rng.random() < 0.4 if self.dark is None else self.dark
        paper, words = ((18, 18, 20), (225, 225, 230)) if dark else ((255, 255, 255), (25, 25, 30))
        head, foot = round(150 * unit), round(170 * unit)
        tall = max(small.shape[0] + head + foot, round(draw(self.ratio, rng) * wide))
        screen = np.empty((tall, wide, 3), np.uint8)
        screen[:] = paper
        y = head + (tall - head - foot - small.shape[0]) // 2
        x = (wide - small.shape[1]) // 2
        screen[y : y + small.shape[0], x : x + small.shape[1]] = small
        self._decorate(screen, (y, y + small.shape[0]), words, rng)
        factor = scaling(small.shape[1] / image.shape[1], small.shape[0] / image.shape[0])
        return placed(screen, shifting(x, y) @ factor, image.shape)

    def _decorate(
        self,
        screen: UInt8[np.ndarray, "h w 3"],
        span: tuple[int, int],
        words: Colour,
        rng: np.random.Generator,
    ) -> None:
        unit, wide = self.width / 540, self.width
        small, large = max(6, round(18 * unit)), max(6, round(22 * unit))
        clock = f"{rng.integers(24)}:{rng.integers(60):02d}"
        write(screen, clock, (round(24 * unit), round(14 * unit), wide // 3), small, words)
        battery = [(round(wide - 60 * unit), round(14 * unit)), (round(wide - 24 * unit), round(30 * unit))]
        cv2.rectangle(screen, battery[0], battery[1], words, max(1, round(2 * unit)))
        head = span[0] - round(50 * unit)
        cv2.circle(screen, (round(45 * unit), head), round(26 * unit), draw_colour(None, rng), -1, cv2.LINE_AA)
        write(screen, some_words(1, 2, rng), (round(85 * unit), head - large // 2, wide // 2), large, words)
        for button in range(3):
            at = (round((40 + 60 * button) * unit), span[1] + round(36 * unit))
            cv2.circle(screen, at, round(15 * unit), words, max(1, round(3 * unit)), cv2.LINE_AA)
        for line in range(2):
            y = span[1] + round((72 + 36 * line) * unit)
            write(screen, some_words(3, 7, rng), (round(24 * unit), y, wide - round(48 * unit)), small, words)


def write(canvas: UInt8[np.ndarray, "h w 3"], text: str, room: tuple[int, int, int], size: int, colour: Colour) -> None:
    """Write one line of text on a canvas, in place.

    Args:
        canvas: Changed in place.
        text: One line.
        room: x and y of the line's first pixel, and its largest width, pixels.
        size: Height of the letters, pixels; a line that would be too wide gets smaller letters.
        colour: Colour of the letters.
    """
    x, y, widest = room
    mask = lettered(text, max(4, size))
    if mask.shape[1] > widest:
        mask = lettered(text, max(4, size * widest // mask.shape[1]))[:, :widest]
    ink(canvas, mask, (max(0, x), max(0, y)), colour, 1.0)
