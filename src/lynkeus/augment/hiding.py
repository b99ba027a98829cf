"""Hide parts of training pictures: Hide-and-Seek, and CutOut and random erasing for comparison.

Source: Hide-and-Seek, Singh and Lee, ICCV 2017, https://arxiv.org/abs/1704.04232, section 3.1, and Singh et al. 2018,
https://arxiv.org/abs/1811.02545; CutOut, DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552; random erasing,
Zhong et al. 2017, https://arxiv.org/abs/1708.04896, algorithm 1.

Conventions: hiding is the last step, on the picture as the network sees it; a later resize would change the patches.
Our networks subtract ``MEAN`` from each channel. A hidden pixel is therefore exactly 0 after normalisation, and the
first layer sees the same mean in training and at inference. The caller must not hide anything at inference.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from lynkeus.augment.placing import Colour

MEAN: Colour = (127, 127, 127)
"""The level that our networks subtract from each channel; MEAN becomes 0 after normalisation."""

_TRIES = 100  # as in the released code of random erasing; algorithm 1 draws without a limit


def hidden_cells(shape: tuple[int, ...], *, side: int, p: float, rng: np.random.Generator) -> Bool[np.ndarray, "..."]:
    """A mask that hides each cell of a grid independently with probability ``p``; True is hidden.

    The grid starts at the first pixel. Where ``side`` does not divide an axis, the last cell of that axis is clipped.

    Args:
        shape: Any number of axes: height and width of a picture or a feature map, or the number of frames.
        side: Side of a cell in pixels, map cells or frames; 0 hides nothing.
        p: Probability that a cell is hidden, 0 to 1.
        rng: Source of randomness.

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
    """Hide each cell of a grid independently.

    Attributes:
        p: Probability that a cell is hidden, 0 to 1; 0 leaves every picture unchanged.
        sides: Possible sides of a cell, pixels; each picture draws one. A side of 0 leaves the picture whole; a side
            of 1 is dropout of pixels.
        fill: Colour of the hidden cells.

    Raises:
        ValueError: ``p`` is not within 0 and 1, ``sides`` is empty, or a side is below 0.
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
    """Hide one square whose centre lies anywhere in the picture; the picture's edge clips the square.

    Attributes:
        side: Side of the square, pixels, 0 and up.
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
        p: Probability that a rectangle is erased, 0 to 1.
        area: Smallest and largest share of the picture that is erased, above 0 to 1.
        ratio: Smallest and largest height / width; the value is drawn uniformly between them, as in the source.

    Raises:
        ValueError: ``p`` is not within 0 and 1.
    """

    p: float
    area: tuple[float, float] = (0.02, 0.4)
    ratio: tuple[float, float] = (0.3, 3.33)

    def __post_init__(self) -> None:
        """Check the probability."""
        _check_p(self.p)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with a rectangle of noise; unchanged with probability 1 - p, or if none of 100 draws fits."""
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
"""The disguises that hide parts of a training picture."""


def _check_p(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}, must be between 0 and 1")
