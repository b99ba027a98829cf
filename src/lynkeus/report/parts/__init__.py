"""The parts of the evidence: one file per part, and the table of all parts.

A new part needs a field of ``Evidence``, a file here and a line in ``PARTS``. A part that the page draws also needs a
function in the table ``VIEWS`` of ``card.js``.
"""

from collections.abc import Mapping
from typing import Any

from lynkeus.core.evidence import Evidence
from lynkeus.report.parts import alignment, excerpt, facts, frames, heat, points, similarity, track
from lynkeus.report.parts.part import Part as Part

PARTS: Mapping[str, Part[Any]] = {
    "points": points.PART,
    "alignment": alignment.PART,
    "heat": heat.PART,
    "frames": frames.PART,
    "track": track.PART,
    "excerpt": excerpt.PART,
    "facts": facts.PART,
    "similarity": similarity.PART,
}
"""Field of ``Evidence`` to what the report does with that field, the most telling part first."""


def parts_of(evidence: Evidence) -> list[tuple[Part[Any], Any]]:
    """The parts of the evidence that are present, each with its value, in the order of ``PARTS``."""
    found = [(part, getattr(evidence, name)) for name, part in PARTS.items()]
    return [(part, value) for part, value in found if value is not None]
