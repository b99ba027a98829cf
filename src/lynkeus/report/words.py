"""Findings in words: rate, place and evidence.

Source: none, ours; DESIGN.md explains how to read a rate. Rounding never exaggerates: "rarer than 1 in N" rounds N
down.
"""

import math

from lynkeus.core.findings import Finding
from lynkeus.core.media import Span
from lynkeus.report.geometry import area, clip
from lynkeus.report.numbers import percent, seconds
from lynkeus.report.parts import parts_of

NO_ESTIMATE = "no estimate: no background yet"
_COMMON = 0.1
"""Rate above which "30 in 100" is easier to read than "1 in 3"."""


def _one_in(rate: float) -> str:
    number = 1 / rate
    if number >= 100:
        unit = 10 ** (math.floor(math.log10(number)) - 1)
        number = math.floor(number / unit + 1e-9) * unit
    return f"1 in {math.floor(number + 1e-9):,}"


def rate_words(rate: float | None, rate_upper: float | None, background: int | None = None) -> str:
    """How often a clean upload would score this high, in words.

    Args:
        rate: Expected false alarms per clean upload, 0 to 1; None without a background.
        rate_upper: Upper bound (95 %) of the rate, 0 to 1, or None.
        background: Number of independent clean uploads that the rate was estimated from. The words never claim a
            rate below 3 / background.

    >>> rate_words(0.0002, 0.0035, background=900)
    'rarer than 1 in 300 clean uploads (95 % upper bound: 1 in 280)'
    """
    if rate is None or not math.isfinite(rate):
        return NO_ESTIMATE
    upper = rate_upper if rate_upper is not None and 0 < rate_upper <= 1 else None
    floor = 3 / background if background else 0.0
    if rate > floor:
        number = f"about {round(100 * min(rate, 1.0))} in 100" if rate > _COMMON else f"about {_one_in(rate)}"
        return f"{number} clean uploads{_bound_words(upper)}"
    bound = floor or upper or 1.0
    if bound >= 1:
        return "no estimate: the background is too small"
    words = f"rarer than {_one_in(bound)} clean uploads"
    if upper is not None and _one_in(upper) == _one_in(bound):
        return f"{words} (95 % upper bound)"
    return words + _bound_words(upper if upper is not None and upper > bound else None)


def _bound_words(upper: float | None) -> str:
    if upper is None:
        return ""
    number = f"{round(100 * upper)} in 100" if upper > _COMMON else _one_in(upper)
    return f" (95 % upper bound: {number})"


def duration_words(seconds: float) -> str:
    """A duration in its two largest units.

    >>> [duration_words(seconds) for seconds in (0.4, 61.0, 7325.0, 90061.0)]
    ['less than a second', '1 min 1 s', '2 h 2 min', '1 d 1 h']
    """
    left = round(seconds)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "less than a second"


def finding_words(finding: Finding) -> str:
    """The evidence of a finding, in sentences."""
    said = [sentence for part, value in parts_of(finding.evidence) for sentence in part.words(value, finding)]
    return " ".join(said) or "The upload resembles the reference as a whole; nothing is aligned."


def span_words(span: Span) -> str:
    """A time span in words.

    >>> span_words(Span(2.0, 61.25))
    '2.0 s to 61.2 s'
    """
    return f"{seconds(span.start)} to {seconds(span.end)}"


def region_share(finding: Finding, width: int, height: int) -> float | None:
    """Share of the upload that the finding's region covers, 0 to 1; None without a region.

    Args:
        finding: A finding of the upload.
        width: The upload's width at full size, pixels.
        height: The upload's height at full size, pixels.
    """
    if len(finding.region) < 3 or width <= 0 or height <= 0:
        return None
    return min(area(clip(finding.region, width, height)) / (width * height), 1.0)


def region_words(finding: Finding, width: int, height: int) -> str:
    """How much of the upload the finding's region covers, in words.

    Args:
        finding: A finding of the upload.
        width: The upload's width at full size, pixels.
        height: The upload's height at full size, pixels.
    """
    share = region_share(finding, width, height)
    if share is None:
        return "no region: the whole upload"
    return f"{percent(share)} of the upload"
