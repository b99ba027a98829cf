"""An excerpt: text of the upload with the part that matched."""

from collections.abc import Mapping
from typing import Any

from lynkeus.core.evidence import Excerpt
from lynkeus.core.findings import Finding
from lynkeus.report.cells import text_cell
from lynkeus.report.names import encodable, visible
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides


def _cut(value: Excerpt) -> tuple[str, str, str]:
    """The text before the part that matched, that part, and the text after that part."""
    return value.text[: value.start], value.text[value.start : value.end], value.text[value.end :]


def words(value: Excerpt, finding: Finding) -> list[str]:
    """What the text says."""
    del finding
    return [f'The text says "{visible(_cut(value)[1])}".']


def view(value: Excerpt, sides: Sides) -> dict[str, Any]:
    """The text in three pieces, of which the page marks the second."""
    del sides
    return {"draw": "excerpt", "pieces": [visible(piece) for piece in _cut(value)]}


def cells(value: Excerpt) -> list[str]:
    """The part that matched."""
    return [text_cell(_cut(value)[1])]


def to_json(value: Excerpt) -> dict[str, Any]:
    """Text, start and end; a stray byte grows to four characters, so start and end are counted again."""
    before, match, after = (encodable(piece) for piece in _cut(value))
    return {"text": before + match + after, "start": len(before), "end": len(before) + len(match)}


def from_json(record: Mapping[str, Any]) -> Excerpt:
    """The excerpt that these fields describe."""
    return Excerpt(text=record["text"], start=record["start"], end=record["end"])


PART = Part(to_json=to_json, from_json=from_json, words=words, view=view, columns=("excerpt",), cells=cells)
