"""The part ``heat``: a heat map, drawn over the upload.

Source: none, ours. Colours run from black over red to yellow. They get lighter all the way, so that the order is also
visible without colour; drawn half opaque, they darken places without heat.
"""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.core.evidence import Heat
from lynkeus.core.findings import Finding
from lynkeus.report.json_text import rows
from lynkeus.report.panels import Drawn, Panel
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides

_LONGEST = 96
"""Longest side of the map in the page, pixels; maps are coarse, and the browser interpolates."""


def heat_pixels(grid: Float32[np.ndarray, "i j"], width: int, height: int) -> UInt8[np.ndarray, "h w 3"]:
    """A heat map in colour, interpolated to a width and height.

    Args:
        grid: 0 to 1, over the whole picture.
        width: Width of the result, pixels.
        height: Height of the result, pixels.
    """
    clean = np.clip(np.nan_to_num(grid), 0, 1).astype(np.float32)
    grown = np.clip(cv2.resize(clean, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    bgr = cv2.applyColorMap(np.round(255 * grown).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def words(value: Heat, finding: Finding) -> list[str]:
    """An explanation of the map and the box, in sentences."""
    del value
    boxed = "; the outline surrounds the hottest area" if len(finding.region) else ""
    return [f"The heat map shows which places of the upload speak for the entity{boxed}."]


def view(value: Heat, sides: Sides) -> dict[str, Any]:
    """The map as a ``data:`` address that holds a PNG with the proportions of the upload."""
    factor = _LONGEST / max(sides.upload.full)
    width, height = (max(1, round(side * factor)) for side in sides.upload.full)
    _, png = cv2.imencode(".png", cv2.cvtColor(heat_pixels(value.grid, width, height), cv2.COLOR_RGB2BGR))
    uri = "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
    return {"draw": "heat", "map": uri, "said": "A heat map stands beside them."}


def panel(value: Heat, upload: Panel, reference: Panel) -> Drawn:
    """The upload under the half opaque map."""
    del reference
    height, width = upload.rgb.shape[:2]
    drawn = np.round(upload.rgb * 0.5 + heat_pixels(value.grid, width, height) * 0.5).astype(np.uint8)
    return Drawn("Heat map over the upload", drawn)


def to_json(value: Heat) -> list[list[float]]:
    """The rows of the grid, rounded to two decimals."""
    return rows(np.nan_to_num(value.grid))


def from_json(listed: Sequence[Sequence[float]]) -> Heat:
    """The heat map read from its rows."""
    return Heat(grid=np.array(listed, np.float32).reshape(len(listed), -1))


PART = Part(to_json=to_json, from_json=from_json, words=words, view=view, panel=panel)
