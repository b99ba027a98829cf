"""The part ``excerpt``: text of the upload, and the matched part of this text."""

from collections.abc import Mapping
from typing import Any

from lynkeus.core.evidence import Excerpt
from lynkeus.core.findings import Finding
from lynkeus.report.cells import text_cell
from lynkeus.report.names import encodable, visible
from lynkeus.report.parts.part import Part
from lynkeus.report.sides import Sides


def _cut(value: Excerpt) -> tuple[str, str, str]:
    """The text before the match, the match, and the text after the match."""
    return value.text[: value.start], value.text[value.start : value.end], value.text[value.end :]


def words(value: Excerpt, finding: Finding) -> list[str]:
    """The matched text in a sentence."""
    del finding
    return [f'The text says "{visible(_cut(value)[1])}".']


def view(value: Excerpt, sides: Sides) -> dict[str, Any]:
    """The text in three pieces; the page marks the second piece."""
    del sides
    return {"draw": "excerpt", "pieces": [visible(piece) for piece in _cut(value)]}


def cells(value: Excerpt) -> list[str]:
    """The matched text."""
    return [text_cell(_cut(value)[1])]


def to_json(value: Excerpt) -> dict[str, Any]:
    """Text, start and end; an invalid byte becomes four characters, so start and end are computed again."""
    before, match, after = (encodable(piece) for piece in _cut(value))
    return {"text": before + match + after, "start": len(before), "end": len(before) + len(match)}


def from_json(record: Mapping[str, Any]) -> Excerpt:
    """The excerpt that these fields describe."""
    return Excerpt(text=record["text"], start=record["start"], end=record["end"])


PART = Part(to_json=to_json, from_json=from_json, words=words, view=view, columns=("excerpt",), cells=cells)
