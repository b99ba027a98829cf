"""What the calibrations of all kinds share: the score of nothing, the reason to leave a picture out, progress."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

NOTHING_ALIKE = -1e6
"""Score of a clean picture that nothing resembles."""

SAME = "nearly the same as a reference"
"""Why a clean picture is left out."""

BATCH = 64
"""Scores that are stored at once."""

Shown = Callable[[Iterator[Any], int, str], Iterable[Any]]
"""Passes things on while it shows progress: the things, their number, what for."""
