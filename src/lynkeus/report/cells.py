"""Cells of a table for spreadsheets.

Source: the guard against formulas follows OWASP, "CSV injection"
(https://owasp.org/www-community/attacks/CSV_Injection): a text cell that a spreadsheet could take for a formula gets an
apostrophe in front.
"""

import math

from lynkeus.report.names import visible

_FORMULA_STARTS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def text_cell(value: str) -> str:
    """The text, escaped so that no spreadsheet takes the text for a formula."""
    shown = visible(value)
    return "'" + shown if shown.lstrip(" '\"\u00a0\u3000").startswith(_FORMULA_STARTS) else shown


def number_cell(value: float | None) -> str:
    """A number with all its digits; empty when the number is missing or not finite."""
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def yes_no(*, value: bool) -> str:
    """``yes`` or ``no``."""
    return "yes" if value else "no"
