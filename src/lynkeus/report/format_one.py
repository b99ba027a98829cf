"""Convert lines of format 1 to lines of format 2.

Version 0.1 wrote format 1. In format 1, the evidence is one flat record, and the field ``format`` holds the number of
the format.
"""

from collections.abc import Mapping
from typing import Any

from lynkeus.core.errors import CorruptError
from lynkeus.core.findings import Belief


def upgraded(record: Mapping[str, Any]) -> dict[str, Any]:
    """A line of format 1 with the fields of format 2.

    Raises:
        CorruptError: The line has another format.
        KeyError: A field is missing; TypeError, ValueError, AttributeError: a field has the wrong type or form.
    """
    if record["format"] != 1:
        raise CorruptError(f"format {record['format']} is unknown, only 1 is known; later formats have a field schema")
    return {**record, "schema": 2, "findings": [_finding(finding) for finding in record["findings"]]}


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    evidence: Mapping[str, Any] = finding["evidence"]
    heat = evidence.get("heat")  # the first lines of format 1 have no such field
    return {
        **finding,
        "belief": Belief.POSSIBLE.name.lower(),  # a scan reported the finding; format 1 says no more
        "names_entity": heat is not None,  # in format 1, findings with a heat map named an entity, and no others did
        "span": None,
        "reference_span": None,
        "evidence": {
            "alignment": None if evidence["transform"] is None else _alignment(evidence),
            "points": evidence["points"] or None,
            "heat": heat,
            "similarity": evidence["cosine"],
        },
    }


def _alignment(evidence: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: evidence[name] for name in ("transform", "mirrored", "negative", "agreement")}
    return {**kept, "overlap": evidence["overlap"] or 0.0}
