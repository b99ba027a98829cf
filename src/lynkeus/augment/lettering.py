"""Draw words with the font that Pillow ships, so that every machine draws the same pixels."""

from functools import lru_cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

# Everyday phrases of memes and posts; the exact words hardly matter, only that their letters and lengths vary.
_LINES = (
    "when you finally see it best day ever",
    "sale only today follow for more",
    "no way this is real wait what",
    "official breaking news part two link in bio",
    "share if you agree like and subscribe",
    "new free 100% 2024 nobody me at three in the morning",
    "just look wow deal original do not copy",
    "love life mood monday",
)
_WORDS = [word for line in _LINES for word in line.split()]


def some_words(low: int, high: int, rng: np.random.Generator) -> str:
    """Between ``low`` and ``high`` words from a small list, sometimes in capitals."""
    words = " ".join(rng.choice(_WORDS, int(rng.integers(low, high + 1))))
    return words.upper() if rng.random() < 0.4 else words


def lettered(text: str, size: int) -> UInt8[np.ndarray, "h w"]:
    """A mask of one line of text, 255 where there is ink.

    Args:
        text: One line of text.
        size: Height of the letters, pixels, 4 and up.
    """
    font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    width, height = max(1, int(np.ceil(right - left))), max(1, int(np.ceil(bottom - top)))
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font)
    return np.asarray(mask)


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(4, size))
