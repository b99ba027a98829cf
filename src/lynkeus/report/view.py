"""The view of one finding on the page: outlined pictures, drawings of the evidence, and words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from lynkeus.core.findings import Finding, UploadResult
from lynkeus.core.picture import Picture
from lynkeus.report.parts import parts_of
from lynkeus.report.sides import Side, Sides, shown_size
from lynkeus.report.words import finding_words, rate_words, region_words, span_words

_FACTS = 4
"""Facts that fit into one row of the card; "All figures" shows the rest."""


def _extent(points: Sequence[Float[np.ndarray, "_ 2"]]) -> tuple[int, int]:
    finite = [part[np.all(np.isfinite(part), axis=1)] for part in points]
    corners = np.vstack([np.full((1, 2), 15.0), *finite])
    width, height = np.ceil(corners.max(axis=0) + 1).clip(16, 100_000)
    return int(width), int(height)


def reference_size(finding: Finding, picture: Picture | None) -> tuple[int, int]:
    """Full size of the finding's reference; without a picture, the smallest size that holds the whole match."""
    if picture is not None:
        return picture.width, picture.height
    points = finding.evidence.points
    return _extent([finding.reference_region, *([] if points is None else [points.reference])])


def upload_size(result: UploadResult) -> tuple[int, int]:
    """Full size of an upload; for a result without a size, the smallest size that holds all matches."""
    if result.width > 0 and result.height > 0:
        return result.width, result.height
    regions = [finding.region for finding in result.findings]
    points = [finding.evidence.points for finding in result.findings]
    return _extent([*regions, *(matched.upload for matched in points if matched is not None)])


def _facts(result: UploadResult, finding: Finding, background: int | None) -> list[list[str]]:
    facts = [
        ["False alarms", rate_words(finding.rate, finding.rate_upper, background)],
        ["Covers", region_words(finding, *upload_size(result))],
    ]
    if finding.span is not None:
        facts.append(["Time in the upload", span_words(finding.span)])
    if finding.reference_span is not None:
        facts.append(["Time in the reference", span_words(finding.reference_span)])
    facts += [fact for part, value in parts_of(finding.evidence) for fact in part.facts(value)]
    return facts[:_FACTS]


def _figures(result: UploadResult, finding: Finding) -> list[list[str]]:
    return [
        ["Raw score", f"{finding.score:.6f}"],
        ["False-alarm rate", "none" if finding.rate is None else f"{finding.rate:.3g}"],
        ["Upper bound (95 %)", "none" if finding.rate_upper is None else f"{finding.rate_upper:.3g}"],
        *(figure for part, value in parts_of(finding.evidence) for figure in part.figures(value)),
        ["Upload", f"{result.width} x {result.height} px"],
        ["Upload SHA-256", result.digest or "not recorded"],
        ["Reference number", str(finding.reference_id)],
    ]


def detail(result: UploadResult, finding: Finding, reference: Picture | None, background: int | None) -> dict[str, Any]:
    """Everything that the page shows of one finding, in a form for JSON.

    Args:
        result: The upload.
        finding: One of its findings.
        reference: The reference's picture, or None when no pixels are stored.
        background: Number of independent clean uploads from which the finding's rate was estimated.
    """
    full = upload_size(result), reference_size(finding, reference)
    sides = Sides(*(Side(size, shown_size(size)) for size in full))
    views = [part.view(value, sides) for part, value in parts_of(finding.evidence)]
    return {
        "upload": {"size": sides.upload.shown, "outline": sides.upload.outline(finding.region)},
        "reference": {"size": sides.reference.shown, "outline": sides.reference.outline(finding.reference_region)},
        "views": [view for view in views if view is not None],
        "words": finding_words(finding),
        "facts": _facts(result, finding, background),
        "figures": _figures(result, finding),
    }
