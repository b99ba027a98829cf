"""The part ``facts``: further facts of a kind, name to value."""

from collections.abc import Mapping
from typing import Any

from lynkeus.report.cells import text_cell
from lynkeus.report.names import encodable, visible
from lynkeus.report.parts.part import Part


def facts(value: Mapping[str, str]) -> list[list[str]]:
    """Each name with its value; names start with a capital letter, like the report's own names."""
    return [[visible(name[:1].upper() + name[1:]), visible(said)] for name, said in value.items()]


def cells(value: Mapping[str, str]) -> list[str]:
    """All names and values in one cell."""
    return [text_cell("; ".join(f"{name}: {said}" for name, said in value.items()))]


def to_json(value: Mapping[str, str]) -> dict[str, str]:
    """The facts as JSON."""
    return {encodable(name): encodable(said) for name, said in value.items()}


def from_json(record: Mapping[str, Any]) -> Mapping[str, str]:
    """The facts read from JSON.

    Raises:
        TypeError: A value is not a text.
    """
    if wrong := [name for name, said in record.items() if not isinstance(said, str)]:
        raise TypeError(f"fact {wrong[0]!r} is not a text")
    return dict(record)


PART = Part(to_json=to_json, from_json=from_json, facts=facts, figures=facts, columns=("facts",), cells=cells)
