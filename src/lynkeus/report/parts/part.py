"""How the report writes, reads and shows one part of the evidence."""

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
    """The functions that write, read and show one part of the evidence. A function that a part lacks has a default.

    Attributes:
        to_json: Gives the part as JSON; None when the part cannot be written.
        from_json: Reads the part from JSON.
        words: Gives sentences about the part.
        facts: Gives names and values for the card.
        figures: Gives names and values for "All figures".
        view: Gives the data that the page draws: ``draw`` names the function in the table ``VIEWS`` of ``card.js``,
            ``said`` describes the drawing in words, and the other values are for the function. None draws nothing.
        panel: Draws a panel of the drawn match, over the upload's pixels.
        join: Draws lines on the canvas that join the two pictures of the drawn match.
        columns: Names of the part's columns in the table.
        cells: Gives one cell per column.
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
