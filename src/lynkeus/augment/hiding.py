"""Hiding parts of what trains: Hide-and-Seek, and CutOut and random erasing to compare it with.

Source: Hide-and-Seek, Singh and Lee, ICCV 2017, https://arxiv.org/abs/1704.04232, section 3.1, and Singh et al. 2018,
https://arxiv.org/abs/1811.02545; CutOut, DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552; random erasing,
Zhong et al. 2017, https://arxiv.org/abs/1708.04896, algorithm 1.

Conventions: hiding comes last, on the picture as the network sees it: resizing behind it would change the patches.
``MEAN`` is what our networks subtract from each channel, so that a hidden pixel is exactly 0 after normalisation; then
the first layer meets the same mean in training and in use. Nothing is ever hidden in use: that is up to the caller.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from lynkeus.augment.placing import Colour

MEAN: Colour = (127, 127, 127)
"""The level that our networks subtract: 0 after normalisation."""

_TRIES = 100


def hidden_cells(shape: tuple[int, ...], *, side: int, p: float, rng: np.random.Generator) -> Bool[np.ndarray, "..."]:
    """What is hidden of a picture, a feature map or a row of frames: each cell of a grid by a chance of its own.

    The grid begins at the first pixel; the last cell of a row or column is clipped where ``side`` does not divide.

    Args:
        shape: Height and width, or frames alone: any number of axes.
        side: Side of a cell in pixels, map cells or frames; 0 hides nothing.
        p: Chance of each cell, 0 to 1.
        rng: Source of chance.

    Raises:
        ValueError: ``p`` is not within 0 and 1, or ``side`` is below 0.

    >>> hidden_cells((2, 3), side=2, p=1.0, rng=np.random.default_rng(0)).tolist()
    [[True, True, True], [True, True, True]]
    """
    _check_p(p)
    if side < 0:
        raise ValueError(f"side is {side}, must be 0 or more")
    if side == 0:
        return np.zeros(shape, bool)
    hidden = rng.random([-(-length // side) for length in shape]) < p
    for axis, length in enumerate(shape):
        hidden = hidden.repeat(side, axis).take(np.arange(length), axis)
    return hidden


@dataclass(frozen=True, kw_only=True, slots=True)
class HideAndSeek:
    """Hide each cell of a grid with a chance of its own.

    Attributes:
        p: Chance of each cell, 0 to 1; 0 leaves every picture as it is.
        sides: Sides of the cells, pixels, of which each picture draws one; 0 among them leaves the picture whole.
            One of 1 alone is dropout of pixels.
        fill: Colour of what is hidden.

    Raises:
        ValueError: ``p`` is not within 0 and 1, or there is no side, or one below 0.
    """

    p: float
    sides: tuple[int, ...]
    fill: Colour = MEAN

    def __post_init__(self) -> None:
        """Check the numbers."""
        _check_p(self.p)
        if not self.sides or min(self.sides) < 0:
            raise ValueError(f"sides are {self.sides}, wanted at least one and none below 0")

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with some cells hidden."""
        side = self.sides[int(rng.integers(len(self.sides)))]
        hidden = hidden_cells((image.shape[0], image.shape[1]), side=side, p=self.p, rng=rng)
        return np.where(hidden[..., None], np.array(self.fill, np.uint8), image)


@dataclass(frozen=True, kw_only=True, slots=True)
class CutOut:
    """Hide one square whose centre lies anywhere in the picture: what reaches out of it is lost.

    Attributes:
        side: Of the square, pixels, 0 and up.
        fill: Colour of the square.

    Raises:
        ValueError: ``side`` is below 0.
    """

    side: int
    fill: Colour = MEAN

    def __post_init__(self) -> None:
        """Check the side."""
        if self.side < 0:
            raise ValueError(f"side is {self.side}, must be 0 or more")

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with a square hidden."""
        y, x = (int(rng.integers(length)) - self.side // 2 for length in image.shape[:2])
        canvas = image.copy()
        canvas[max(0, y) : max(0, y + self.side), max(0, x) : max(0, x + self.side)] = self.fill
        return canvas


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomErasing:
    """Fill one rectangle with noise.

    Attributes:
        p: How often, 0 to 1.
        area: Least and most of the picture that is erased, shares above 0 to 1.
        ratio: Least and most of height by width, drawn evenly between them as the source does.

    Raises:
        ValueError: ``p`` is not within 0 and 1.
    """

    p: float
    area: tuple[float, float] = (0.02, 0.4)
    ratio: tuple[float, float] = (0.3, 3.33)

    def __post_init__(self) -> None:
        """Check the chance."""
        _check_p(self.p)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with a rectangle of noise, or as it is; also where no draw of a hundred fits into it."""
        if rng.random() >= self.p:
            return image
        height, width = image.shape[:2]
        for _ in range(_TRIES):
            area, ratio = rng.uniform(*self.area) * height * width, rng.uniform(*self.ratio)
            tall, wide = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
            if 0 < tall < height and 0 < wide < width:
                y, x = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
                canvas = image.copy()
                canvas[y : y + tall, x : x + wide] = rng.integers(0, 256, (tall, wide, 3), dtype=np.uint8)
                return canvas
        return image


Hiding = HideAndSeek | CutOut | RandomErasing
"""What may hide parts of a training picture."""


def _check_p(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}, must be between 0 and 1")
