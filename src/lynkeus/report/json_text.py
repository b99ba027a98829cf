"""Values as JSON: points, numbers that may be missing, and one line of text.

Source: none, ours. JSON has no NaN and no Infinity: a number that is not finite becomes null, and a point that is not
finite is left out.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

PIXEL_DIGITS = 2
"""Decimals of a pixel: a hundredth of a pixel is finer than any match."""

SECOND_DIGITS = 3
"""Decimals of a second: a millisecond is finer than the distance of two frames."""

_LINE_BREAKERS = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that JSON does not escape but that some editors take for a line break or a change of direction."""


def finite(value: float | None) -> float | None:
    """The number, or None where the number is NaN, infinite or missing."""
    return float(value) if value is not None and math.isfinite(value) else None


def number_of(value: float | None) -> float | None:
    """A number read from JSON, or None for null."""
    return None if value is None else float(value)


def rows(values: Float[np.ndarray, "n d"], digits: int = PIXEL_DIGITS) -> list[list[float]]:
    """The finite rows of an array, rounded.

    Args:
        values: One row per point.
        digits: Decimals that are kept.
    """
    kept = values[np.all(np.isfinite(values), axis=1)].astype(np.float64)
    return (np.round(kept, digits) + 0.0).tolist()


def array_of(listed: Sequence[Sequence[float]], columns: int) -> Float[np.ndarray, "n d"]:
    """Rows read from JSON as an array with ``columns`` columns."""
    return np.array(listed, np.float64).reshape(-1, columns)


def one_line(value: Any) -> str:
    """A value as JSON that is one line in every editor, without the line's end.

    Raises:
        ValueError: A number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _LINE_BREAKERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
