"""The part ``track``: the place of the entity at some moments of a video."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lynkeus.core.evidence import Track
from lynkeus.core.findings import Finding
from lynkeus.report.json_text import PIXEL_DIGITS, SECOND_DIGITS, array_of
from lynkeus.report.numbers import seconds
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides


def words(value: Track, finding: Finding) -> list[str]:
    """The time of the track, in sentences."""
    del finding
    if not len(value.at):
        return []
    return [f"The upload shows the entity from {seconds(value.at.min())} to {seconds(value.at.max())}."]


def figures(value: Track) -> list[list[str]]:
    """The box at each moment."""
    lines = [f"{seconds(at)}: {' '.join(f'{edge:.0f}' for edge in box)}" for at, box in _finite(value)]
    return [["Boxes, left top right bottom", "\n".join(lines) or "none"]]


def view(value: Track, sides: Sides) -> dict[str, Any] | None:
    """A time line, and the boxes on the shown upload, for the page."""
    moments = _finite(value)
    if not moments:
        return None
    boxes = [np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) for _, (x0, y0, x1, y1) in moments]
    return {
        "draw": "strip",
        "title": "Time",
        "about": "When the upload shows the entity",
        "rows": [["Upload", [at for at, _ in moments]]],
        "boxes": [sides.upload.outline(box) for box in boxes],
        "said": "A line of time stands beside them, and a box for each moment is outlined.",
    }


def _finite(value: Track) -> list[tuple[float, list[float]]]:
    """Second and box of each moment, rounded; moments that are not finite are left out."""
    whole = np.isfinite(value.at) & np.all(np.isfinite(value.boxes), axis=1)
    at = np.round(value.at[whole], SECOND_DIGITS) + 0.0
    boxes = np.round(value.boxes[whole].astype(np.float64), PIXEL_DIGITS) + 0.0
    return list(zip(at.tolist(), boxes.tolist(), strict=True))


def to_json(value: Track) -> list[list[float]]:
    """Rows of five numbers: second, left, top, right, bottom."""
    return [[at, *box] for at, box in _finite(value)]


def from_json(listed: Sequence[Sequence[float]]) -> Track:
    """The track read from rows of five numbers."""
    both = array_of(listed, 5)
    return Track(at=both[:, 0], boxes=both[:, 1:])


PART = Part(to_json=to_json, from_json=from_json, words=words, figures=figures, view=view)
