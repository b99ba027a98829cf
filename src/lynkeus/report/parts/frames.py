"""The part ``frames``: matching moments of two videos, drawn as two joined time lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lynkeus.core.evidence import Frames
from lynkeus.core.findings import Finding
from lynkeus.report.json_text import SECOND_DIGITS, rows
from lynkeus.report.numbers import seconds
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides


def words(value: Frames, finding: Finding) -> list[str]:
    """The matching moments, in sentences."""
    del finding
    if not len(value.upload):
        return []
    return [f"The upload matches the reference at {len(value.upload):,} moments."]


def facts(value: Frames) -> list[list[str]]:
    """The number of matching moments, and their times."""
    if not len(value.upload):
        return []
    first, last = seconds(value.upload.min()), seconds(value.upload.max())
    return [["Matching moments", f"{len(value.upload):,}, from {first} to {last} of the upload"]]


def view(value: Frames, sides: Sides) -> dict[str, Any] | None:
    """Two time lines with joined moments, for the page."""
    del sides
    pairs = _pairs(value)
    if not pairs:
        return None
    return {
        "draw": "strip",
        "title": "Time",
        "about": "Which moments match",
        "rows": [["Upload", [at for at, _ in pairs]], ["Reference", [at for _, at in pairs]]],
        "said": "Two lines of time stand beside them.",
    }


def cells(value: Frames) -> list[str]:
    """The number of matching moments."""
    return [str(len(value.upload))]


def _pairs(value: Frames) -> list[list[float]]:
    return rows(np.stack([value.upload, value.reference], axis=1), SECOND_DIGITS)


def to_json(value: Frames) -> dict[str, list[float]]:
    """The seconds in the upload and in the reference."""
    pairs = _pairs(value)
    return {"upload": [at for at, _ in pairs], "reference": [at for _, at in pairs]}


def from_json(record: Mapping[str, Sequence[float]]) -> Frames:
    """The moments read from JSON.

    Raises:
        ValueError: Upload and reference have different numbers of moments.
    """
    upload, reference = (np.array(record[side], np.float64).reshape(-1) for side in ("upload", "reference"))
    if len(upload) != len(reference):
        raise ValueError(f"{len(upload)} moments of the upload for {len(reference)} of the reference")
    return Frames(upload=upload, reference=reference)


PART = Part(
    to_json=to_json,
    from_json=from_json,
    words=words,
    facts=facts,
    view=view,
    columns=("matching_moments",),
    cells=cells,
)
