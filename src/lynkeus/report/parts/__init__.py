"""The parts of the evidence: one file a part, and the table of all.

A new part takes a field of ``Evidence``, a file here, a line in ``PARTS`` and, where the page draws the part, a
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
    """The parts that the evidence has, each with its value, in the order of ``PARTS``."""
    found = [(part, getattr(evidence, name)) for name, part in PARTS.items()]
    return [(part, value) for part, value in found if value is not None]
