"""Evidence as JSON and back: one field per part, as ``docs/reference/json-lines.md`` describes."""

import json
from collections.abc import Mapping
from typing import Any

from lynkeus.core.errors import CorruptError
from lynkeus.core.evidence import Evidence
from lynkeus.report.json_text import one_line
from lynkeus.report.parts import PARTS


def evidence_record(evidence: Evidence) -> dict[str, Any]:
    """The evidence as JSON's own types; every part has a field, which is null when the evidence lacks the part."""
    values = {name: getattr(evidence, name) for name in PARTS}
    return {name: None if value is None else PARTS[name].to_json(value) for name, value in values.items()}


def evidence_of(record: Mapping[str, Any]) -> Evidence:
    """The evidence that ``evidence_record`` described.

    A part without a field is missing, because a file of an older version lacks newer parts.

    Raises:
        KeyError: A part lacks a value; TypeError, ValueError, AttributeError: a value has the wrong type or form.
    """
    held = {name: record[name] for name in PARTS if record.get(name) is not None}
    return Evidence(**{name: PARTS[name].from_json(value) for name, value in held.items()})


def evidence_to_json(evidence: Evidence) -> str:
    """The evidence as one line of JSON, without the line's end."""
    return one_line(evidence_record(evidence))


def evidence_from_json(text: str | bytes) -> Evidence:
    """The evidence that a line of JSON describes.

    Raises:
        CorruptError: The text is not JSON, or does not describe evidence.
    """
    try:
        return evidence_of(json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptError(f"not evidence: {error!r}") from error
