"""The part ``similarity``: similarity of the descriptors of upload and reference."""

from lynkeus.report.cells import number_cell
from lynkeus.report.json_text import finite
from lynkeus.report.numbers import measured
from lynkeus.report.parts.part import Part


def facts(value: float) -> list[list[str]]:
    """The similarity."""
    return [["Similarity to this reference", measured(value)]]


def figures(value: float) -> list[list[str]]:
    """The similarity, named after the compared descriptors."""
    return [["Descriptor similarity", measured(value)]]


def cells(value: float) -> list[str]:
    """The similarity."""
    return [number_cell(value)]


PART = Part(to_json=finite, from_json=float, facts=facts, figures=figures, columns=("similarity",), cells=cells)
