"""The part ``alignment``: how the reference was changed, and an overlay of the reference on the upload.

Source: the page's matrix is CSS Transforms Level 2, section 12 (column-major ``matrix3d``),
https://www.w3.org/TR/css-transforms-2/.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float64

from lynkeus.core.evidence import Alignment
from lynkeus.core.findings import Finding
from lynkeus.report.cells import number_cell, yes_no
from lynkeus.report.geometry import Pose, pose
from lynkeus.report.json_text import array_of, finite, number_of
from lynkeus.report.numbers import measured, percent
from lynkeus.report.panels import PAPER, Drawn, Panel
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides

_STILL = 2.5
"""Degrees; people do not notice a smaller rotation, so the words omit it."""

_SAME_SIZE = 0.03
_STRETCHED = 1.12
_PERSPECTIVE = 1.25
"""Least changes of size, of proportions, and of size from corner to corner that the words mention; chosen by eye."""

_WHOLE = 0.995
"""Share of the reference above which the words say "all": a percentage would round to 100 %."""


def _turn_words(seen: Pose | None, *, mirrored: bool) -> list[str]:
    if seen is None:
        return ["mirrored"] if mirrored else []
    angle = seen.rotation
    if mirrored and abs(angle) > 180 - _STILL:
        return ["flipped top to bottom"]
    words = ["mirrored"] if mirrored else []
    if abs(angle) > 180 - _STILL:
        words.append("turned upside down")
    elif abs(angle) >= _STILL:
        words.append(f"rotated {abs(angle):.0f}° {'clockwise' if angle > 0 else 'anticlockwise'}")
    return words


def _size_words(seen: Pose) -> list[str]:
    words: list[str] = []
    if abs(seen.scale - 1) > _SAME_SIZE:
        words.append(f"at {seen.scale:.2g} of its size" if seen.scale < 10 else f"at {seen.scale:.0f} times its size")
    if seen.stretch > _STRETCHED:
        words.append(f"stretched {seen.stretch:.1f} : 1")
    return words


def _middle(finding: Finding) -> Float[np.ndarray, " 2"]:
    """The middle of the matched part of the reference."""
    points = finding.evidence.points
    for places in (finding.reference_region, *([] if points is None else [points.reference])):
        if len(places) and np.all(np.isfinite(places)):
            return places.mean(axis=0)
    return np.zeros(2)


def _perspective(value: Alignment, finding: Finding) -> bool:
    if len(finding.reference_region) < 3:
        return False
    poses = [pose(value.transform, corner) for corner in finding.reference_region]
    scales = [seen.scale for seen in poses if seen is not None]
    return len(scales) == len(poses) and max(scales) > _PERSPECTIVE * min(scales)


def words(value: Alignment, finding: Finding) -> list[str]:
    """The change of the reference, and the share of the reference that the upload shows, in sentences."""
    seen = pose(value.transform, _middle(finding))
    changes = _turn_words(seen, mirrored=value.mirrored or (seen is not None and seen.mirrored))
    if value.negative:
        changes.append("with inverted colours")
    if seen is not None:
        changes += _size_words(seen)
    if _perspective(value, finding):
        changes.append("seen at an angle")
    sentences = [f"The upload shows the reference {', '.join(changes) or 'unchanged'}."]
    if value.overlap > 0:
        share = "All" if value.overlap > _WHOLE else percent(value.overlap)
        sentences.append(f"{share} of the reference is visible.")
    return sentences


def facts(value: Alignment) -> list[list[str]]:
    """The share of aligned pixels that agree."""
    agreement = "No pixels were compared." if value.agreement is None else percent(value.agreement)
    return [["Pixels that agree", agreement]]


def figures(value: Alignment) -> list[list[str]]:
    """Agreement, overlap, tone and the transform."""
    rows = [" ".join(f"{number:.6g}" for number in row) for row in value.transform]
    mirrored, negative = yes_no(value=value.mirrored), yes_no(value=value.negative)
    return [
        ["Pixel agreement", measured(value.agreement)],
        ["Reference seen", measured(value.overlap)],
        ["Mirrored / inverted", f"{mirrored} / {negative}"],
        ["Transform, reference to upload", "\n".join(rows)],
    ]


def overlay_matrix(
    transform: Float64[np.ndarray, "3 3"],
    to_upload: Float64[np.ndarray, "3 3"],
    to_reference: Float64[np.ndarray, "3 3"],
) -> list[float] | None:
    """The 16 numbers of the ``matrix3d`` that maps the shown reference onto the shown upload.

    Args:
        transform: Homography in full-size pixels, reference to upload.
        to_upload: Maps full-size pixels to display units of the upload.
        to_reference: Maps full-size pixels to display units of the reference.

    Returns:
        None when the transform is not finite or maps the reference's corner to infinity.
    """
    if not np.all(np.isfinite(transform)):
        return None
    shown = to_upload @ transform @ np.linalg.inv(to_reference)
    if abs(shown[2, 2]) < 1e-12:
        return None
    h = shown / shown[2, 2]
    matrix = np.eye(4)
    matrix[np.ix_([0, 1, 3], [0, 1, 3])] = h
    return [float(f"{number:.9g}") for number in matrix.T.ravel()]


def view(value: Alignment, sides: Sides) -> dict[str, Any] | None:
    """The overlay of the reference on the upload, for the page."""
    matrix = overlay_matrix(value.transform, sides.upload.to_shown, sides.reference.to_shown)
    if matrix is None:
        return None
    return {"draw": "aligned", "matrix": matrix, "negative": value.negative}


def panel(value: Alignment, upload: Panel, reference: Panel) -> Drawn | None:
    """The upload, faded to half outside the match, blended with the aligned reference."""
    if not np.all(np.isfinite(value.transform)):
        return None
    size = (upload.rgb.shape[1], upload.rgb.shape[0])
    matrix = upload.to_panel @ value.transform @ np.linalg.inv(reference.to_panel)
    pixels = 255 - reference.rgb if value.negative else reference.rgb
    warped = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    faded = upload.rgb * 0.45 + np.array(PAPER) * 0.55
    blended = upload.rgb * 0.5 + warped * 0.5
    share = mask[..., None] / 255
    drawn = np.round(blended * share + faded * (1 - share)).astype(np.uint8)
    return Drawn("Reference laid onto the upload", drawn)


def cells(value: Alignment) -> list[str]:
    """One cell per column of ``PART``."""
    return [
        yes_no(value=value.mirrored),
        yes_no(value=value.negative),
        number_cell(value.agreement),
        number_cell(value.overlap),
    ]


def to_json(value: Alignment) -> dict[str, Any] | None:
    """All fields; None when the transform is not finite."""
    if not np.all(np.isfinite(value.transform)):
        return None
    return {
        "transform": value.transform.tolist(),
        "mirrored": value.mirrored,
        "negative": value.negative,
        "agreement": finite(value.agreement),
        "overlap": finite(value.overlap) or 0.0,
    }


def from_json(record: Mapping[str, Any]) -> Alignment:
    """The alignment that these fields describe."""
    return Alignment(
        transform=array_of(record["transform"], 3),
        mirrored=record["mirrored"],
        negative=record["negative"],
        agreement=number_of(record["agreement"]),
        overlap=float(record["overlap"]),
    )


PART = Part(
    to_json=to_json,
    from_json=from_json,
    words=words,
    facts=facts,
    figures=figures,
    view=view,
    panel=panel,
    columns=("mirrored", "negative", "agreement", "overlap"),
    cells=cells,
)
