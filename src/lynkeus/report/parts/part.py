"""What the report does with one part of the evidence, whichever part that is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import UInt8

from lynkeus.core.findings import Finding
from lynkeus.report.panels import Drawn, Panel
from lynkeus.report.sides import Sides

Value = TypeVar("Value")


def _no_words(value: Any, finding: Finding) -> list[str]:
    del value, finding
    return []


def _no_pairs(value: Any) -> list[list[str]]:
    del value
    return []


def _no_cells(value: Any) -> list[str]:
    del value
    return []


def _no_view(value: Any, sides: Sides) -> None:
    del value, sides


def _no_panel(value: Any, upload: Panel, reference: Panel) -> None:
    del value, upload, reference


def _nothing_joined(canvas: UInt8[np.ndarray, "h w 3"], value: Any, upload: Panel, reference: Panel) -> None:
    del canvas, value, upload, reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Part(Generic[Value]):
    """How files hold one part of the evidence, and how people see it; what does not apply to a part keeps its default.

    Attributes:
        to_json: The part as JSON; None where nothing of the part can be written.
        from_json: The part again.
        words: Sentences about the part.
        facts: Names and values that stand on the card at once.
        figures: Names and values that stand under "All figures".
        view: What the page draws: ``draw`` names the function in the table ``VIEWS`` of ``card.js``, ``said`` describes
            the drawing for those who do not see it, the rest is the function's. None draws nothing.
        panel: A panel of the drawn match, over the upload's pixels.
        join: Draws onto the canvas what joins the two pictures of the drawn match.
        columns: Names of columns of the table.
        cells: One cell a column.
    """

    to_json: Callable[[Value], Any]
    from_json: Callable[[Any], Value]
    words: Callable[[Value, Finding], list[str]] = _no_words
    facts: Callable[[Value], list[list[str]]] = _no_pairs
    figures: Callable[[Value], list[list[str]]] = _no_pairs
    view: Callable[[Value, Sides], dict[str, Any] | None] = _no_view
    panel: Callable[[Value, Panel, Panel], Drawn | None] = _no_panel
    join: Callable[[UInt8[np.ndarray, "h w 3"], Value, Panel, Panel], None] = _nothing_joined
    columns: tuple[str, ...] = ()
    cells: Callable[[Value], list[str]] = _no_cells
