"""Findings in words: how rare, where, and how the reference was changed.

Source: none, ours; DESIGN.md says how a rate is to be read. Numbers are rounded so that they never claim
more than the figure they come from: "rarer than 1 in N" rounds N down.
"""

import math

import numpy as np
from jaxtyping import Float

from lynkeus.core.findings import Finding
from lynkeus.report.geometry import Pose, area, clip, pose

NO_ESTIMATE = "no estimate: no background yet"
_COMMON = 0.1
_STILL = 2.5
_SAME_SIZE = 0.03
_STRETCHED = 1.12
_PERSPECTIVE = 1.25
_WHOLE = 0.995


def _one_in(rate: float) -> str:
    number = 1 / rate
    if number >= 100:
        unit = 10 ** (math.floor(math.log10(number)) - 1)
        number = math.floor(number / unit + 1e-9) * unit
    return f"1 in {math.floor(number + 1e-9):,}"


def rate_words(rate: float | None, rate_upper: float | None, background: int | None = None) -> str:
    """How often a clean upload would score this high, in words.

    Args:
        rate: Expected false alarms a clean upload, 0 to 1; None without a background.
        rate_upper: Its upper bound (95 %), 0 to 1, or None.
        background: Independent clean uploads behind the rate; nothing rarer than 3 / background is claimed.

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


def percent(share: float) -> str:
    """A share of 0 to 1 as a whole percentage that says neither 0 nor 100 unless it is.

    >>> [percent(share) for share in (0.0, 0.001, 0.64, 0.999, 1.0)]
    ['0 %', '< 1 %', '64 %', '> 99 %', '100 %']
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 < share < 1:
        return "> 99 %"
    return f"{round(100 * share)} %"


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


def _turn_words(seen: Pose | None, *, mirrored: bool) -> list[str]:
    if seen is None:
        return ["mirrored"] if mirrored else []
    angle = seen.rotation
    if mirrored and abs(angle) > 180 - _STILL:
        return ["flipped top to bottom"]
    words = ["mirrored"] if mirrored else []
    if abs(angle) > 180 - _STILL:
        words.append("turned upside down")
    elif abs(angle) >= _STILL:
        words.append(f"rotated {abs(angle):.0f}° {'clockwise' if angle > 0 else 'anticlockwise'}")
    return words


def _size_words(seen: Pose) -> list[str]:
    words: list[str] = []
    if abs(seen.scale - 1) > _SAME_SIZE:
        words.append(f"at {seen.scale:.2g} of its size" if seen.scale < 10 else f"at {seen.scale:.0f} times its size")
    if seen.stretch > _STRETCHED:
        words.append(f"stretched {seen.stretch:.1f} : 1")
    return words


def _middle(finding: Finding) -> Float[np.ndarray, " 2"]:
    for points in (finding.reference_region, finding.evidence.reference_points):
        if len(points) and np.all(np.isfinite(points)):
            return points.mean(axis=0)
    return np.zeros(2)


def _perspective(finding: Finding) -> bool:
    transform = finding.evidence.transform
    if transform is None or len(finding.reference_region) < 3:
        return False
    poses = [pose(transform, corner) for corner in finding.reference_region]
    scales = [seen.scale for seen in poses if seen is not None]
    return len(scales) > 1 and max(scales) > _PERSPECTIVE * min(scales)


def transform_words(finding: Finding) -> list[str]:
    """How the upload shows the reference, as short phrases to be joined by commas.

    Such as mirrored, inverted colours, rotated 137° clockwise, at 0.25 of its size, 64 % of it visible.
    Mirrored means left to right, before the rotation.
    """
    evidence = finding.evidence
    if evidence.heat is not None:
        return ["another picture of it; the box is where the heat is"]
    if evidence.transform is None:
        return ["similar as a whole, not aligned"]
    seen = pose(evidence.transform, _middle(finding))
    words = _turn_words(seen, mirrored=evidence.mirrored or (seen is not None and seen.mirrored))
    if evidence.negative:
        words.append("inverted colours")
    if seen is not None:
        words += _size_words(seen)
    if _perspective(finding):
        words.append("seen at an angle")
    if evidence.overlap > 0:
        whole = evidence.overlap > _WHOLE
        words.append("all of it visible" if whole else f"{percent(evidence.overlap)} of it visible")
    return words


def region_share(finding: Finding, width: int, height: int) -> float | None:
    """Share of the upload that the finding's region covers, 0 to 1; None where it has no region.

    Args:
        finding: A finding of the upload.
        width: The upload's width at full size, pixels.
        height: Its height likewise.
    """
    if len(finding.region) < 3 or width <= 0 or height <= 0:
        return None
    return min(area(clip(finding.region, width, height)) / (width * height), 1.0)


def region_words(finding: Finding, width: int, height: int) -> str:
    """Where in the upload the finding lies, in words.

    Args:
        finding: A finding of the upload.
        width: The upload's width at full size, pixels.
        height: Its height likewise.
    """
    share = region_share(finding, width, height)
    if share is None:
        return "no region: the whole upload"
    return f"{percent(share)} of the upload"
