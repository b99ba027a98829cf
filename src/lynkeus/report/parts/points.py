"""The part ``points``: matched points, drawn as lines that join the two pictures."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from lynkeus.core.evidence import Points
from lynkeus.report.geometry import apply, spread
from lynkeus.report.json_text import array_of, rows
from lynkeus.report.panels import DARK, SHIFT, Panel, fixed
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides, listed

MAX_LINES = 60
"""Most lines to draw; more lines would hide the pictures. Chosen by eye."""

_APART = 14.0
"""Least distance of two lines, in display units of both pictures together; nearer lines look like one."""


def facts(value: Points) -> list[list[str]]:
    """The number of matched points."""
    return [["Matched points", f"{value.inliers:,} fit the alignment"]]


def _joined(
    value: Points, to_upload: Float64[np.ndarray, "3 3"], to_reference: Float64[np.ndarray, "3 3"]
) -> Float64[np.ndarray, "n 4"]:
    """Both ends of the lines to draw, in the coordinates of the drawing."""
    ends = np.hstack([apply(to_upload, value.upload), apply(to_reference, value.reference)])
    ends = ends[np.all(np.isfinite(ends), axis=1)]
    return ends[spread(ends, MAX_LINES, _APART)]


def view(value: Points, sides: Sides) -> dict[str, Any] | None:
    """At most ``MAX_LINES`` lines, spread over the match, for the page."""
    if value.inliers == 0:
        return None
    lines = listed(_joined(value, sides.upload.to_shown, sides.reference.to_shown))
    some = f"{len(lines)} of " if len(lines) < value.inliers else ""
    return {"draw": "lines", "lines": lines, "said": f"Lines join {some}{value.inliers} matched points."}


def line_colours(count: int) -> list[tuple[int, int, int]]:
    """Bright RGB colours, 0 to 255, spread evenly over the colour circle."""
    hues = np.linspace(0, 179, max(count, 1), endpoint=False)
    hsv = np.array([[[hue, 165, 255] for hue in hues]], np.uint8)
    return [(int(r), int(g), int(b)) for r, g, b in cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0]][:count]


def join(canvas: UInt8[np.ndarray, "h w 3"], value: Points, upload: Panel, reference: Panel) -> None:
    """Draw the lines from the upload's panel to the reference's panel."""
    ends = _joined(value, upload.to_canvas, reference.to_canvas)
    ends = ends[np.argsort(ends[:, 3], kind="stable")]
    for (ux, uy, rx, ry), colour in zip(fixed(ends), line_colours(len(ends)), strict=True):
        start, end = (int(ux), int(uy)), (int(rx), int(ry))
        cv2.line(canvas, start, end, DARK, 2, cv2.LINE_AA, SHIFT)
        cv2.line(canvas, start, end, colour, 1, cv2.LINE_AA, SHIFT)
        for point in (start, end):
            cv2.circle(canvas, point, 4 << SHIFT, DARK, -1, cv2.LINE_AA, SHIFT)
            cv2.circle(canvas, point, 3 << SHIFT, colour, -1, cv2.LINE_AA, SHIFT)


def cells(value: Points) -> list[str]:
    """The number of matched points."""
    return [str(value.inliers)]


def to_json(value: Points) -> list[list[float]]:
    """Rows of four numbers: the point in the upload, then the point in the reference."""
    return rows(np.hstack([value.upload, value.reference]))


def from_json(listed_rows: Sequence[Sequence[float]]) -> Points:
    """The points read from rows of four numbers."""
    both = array_of(listed_rows, 4)
    return Points(upload=both[:, :2], reference=both[:, 2:])


PART = Part(to_json=to_json, from_json=from_json, facts=facts, view=view, join=join, columns=("inliers",), cells=cells)
