"""What the page shows of one finding: outlines, lines and the overlay's matrix in display units, and words.

Source: the matrix is CSS Transforms Level 2, section 12 (column-major ``matrix3d``),
https://www.w3.org/TR/css-transforms-2/.
Conventions: display units have their origin in the corner of the shown picture, as in SVG and CSS; full-size
pixels have it in the centre of the first pixel. Both have y down.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from lynkeus.core.findings import Evidence, Finding, UploadResult
from lynkeus.core.picture import Picture
from lynkeus.report.geometry import apply, clip, scaling, spread
from lynkeus.report.heat import heat_uri
from lynkeus.report.names import visible
from lynkeus.report.words import percent, rate_words, region_words, transform_words

BOX = (400.0, 320.0)
MAX_LINES = 60
APART = 14.0
_MAX_ENLARGEMENT = 3.0


def shown_size(full: tuple[int, int]) -> tuple[float, float]:
    """Width and height, in display units, of a picture fitted into the box kept for it."""
    factor = min(BOX[0] / full[0], BOX[1] / full[1], _MAX_ENLARGEMENT)
    return round(full[0] * factor, 1), round(full[1] * factor, 1)


def _extent(points: Sequence[Float[np.ndarray, "_ 2"]]) -> tuple[int, int]:
    finite = [part[np.all(np.isfinite(part), axis=1)] for part in points]
    corners = np.vstack([np.full((1, 2), 15.0), *finite])
    width, height = np.ceil(corners.max(axis=0) + 1).clip(16, 100_000)
    return int(width), int(height)


def reference_size(finding: Finding, picture: Picture | None) -> tuple[int, int]:
    """Full size of the finding's reference; without a picture, the smallest that holds all that matched."""
    if picture is not None:
        return picture.width, picture.height
    return _extent((finding.reference_region, finding.evidence.reference_points))


def upload_size(result: UploadResult) -> tuple[int, int]:
    """Full size of an upload; where the result has none, the smallest that holds all that matched."""
    if result.width > 0 and result.height > 0:
        return result.width, result.height
    parts = [part for finding in result.findings for part in (finding.region, finding.evidence.upload_points)]
    return _extent(parts)


def _listed(points: Float[np.ndarray, "n d"]) -> list[list[float]]:
    return (np.round(points, 1) + 0.0).tolist()


def _outline(polygon: Float[np.ndarray, "n 2"], full: tuple[int, int], shown: tuple[float, float]) -> list[list[float]]:
    return _listed(apply(scaling(full, shown), clip(polygon, *full)))


def _lines(
    evidence: Evidence, to_upload: Float64[np.ndarray, "3 3"], to_reference: Float64[np.ndarray, "3 3"]
) -> list[list[float]]:
    ends = np.hstack([apply(to_upload, evidence.upload_points), apply(to_reference, evidence.reference_points)])
    finite = ends[np.all(np.isfinite(ends), axis=1)]
    return _listed(finite[spread(finite, MAX_LINES, APART)])


def overlay_matrix(
    transform: Float64[np.ndarray, "3 3"] | None,
    to_upload: Float64[np.ndarray, "3 3"],
    to_reference: Float64[np.ndarray, "3 3"],
) -> list[float] | None:
    """The 16 numbers of the ``matrix3d`` that lays the shown reference onto the shown upload.

    Args:
        transform: Homography in full-size pixels, reference to upload, or None.
        to_upload: From full-size pixels to display units of the upload.
        to_reference: The same for the reference.
    """
    if transform is None or not np.all(np.isfinite(transform)):
        return None
    shown = to_upload @ transform @ np.linalg.inv(to_reference)
    if abs(shown[2, 2]) < 1e-12:
        return None
    h = shown / shown[2, 2]
    matrix = np.eye(4)
    matrix[np.ix_([0, 1, 3], [0, 1, 3])] = h
    return [float(f"{value:.9g}") for value in matrix.T.ravel()]


def _figure(value: float | None, digits: int = 3) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def _facts(result: UploadResult, finding: Finding, background: int | None) -> list[list[str]]:
    seen = finding.evidence
    common = [
        ["False alarms", rate_words(finding.rate, finding.rate_upper, background)],
        ["Covers", region_words(finding, *upload_size(result))],
    ]
    if seen.heat is not None:
        return [*common, ["Similarity to this reference", _figure(seen.cosine)]]
    agreement = "geometry only: no pixels kept" if seen.agreement is None else percent(seen.agreement)
    return [
        *common,
        ["Matched points", f"{seen.inliers:,} fit the alignment"],
        ["Pixels that agree", agreement],
    ]


def _figures(result: UploadResult, finding: Finding) -> list[list[str]]:
    seen = finding.evidence
    rows = [] if seen.transform is None else [" ".join(f"{value:.6g}" for value in row) for row in seen.transform]
    of_copies = [
        ["Pixel agreement", _figure(seen.agreement)],
        ["Reference seen", _figure(seen.overlap)],
        ["Mirrored / inverted", f"{'yes' if seen.mirrored else 'no'} / {'yes' if seen.negative else 'no'}"],
        ["Transform, reference to upload", "\n".join(rows) or "none"],
    ]
    return [
        ["Raw score", f"{finding.score:.6f}"],
        ["False-alarm rate", "none" if finding.rate is None else f"{finding.rate:.3g}"],
        ["Upper bound (95 %)", "none" if finding.rate_upper is None else f"{finding.rate_upper:.3g}"],
        ["Descriptor similarity", _figure(seen.cosine)],
        *(of_copies if seen.heat is None else []),
        ["Upload", f"{result.width} x {result.height} px"],
        ["Upload SHA-256", result.digest or "not recorded"],
        ["Reference number", str(finding.reference_id)],
    ]


def detail(result: UploadResult, finding: Finding, reference: Picture | None, background: int | None) -> dict[str, Any]:
    """All that the page draws and says of one finding, ready for JSON.

    Args:
        result: The upload.
        finding: One of its findings.
        reference: The reference's picture, or None where no pixels are kept.
        background: Independent clean uploads behind the finding's rate.
    """
    upload_full, reference_full = upload_size(result), reference_size(finding, reference)
    upload_shown, reference_shown = shown_size(upload_full), shown_size(reference_full)
    to_upload, to_reference = scaling(upload_full, upload_shown), scaling(reference_full, reference_shown)
    seen = finding.evidence
    return {
        "upload": {"size": upload_shown, "outline": _outline(finding.region, upload_full, upload_shown)},
        "reference": {
            "size": reference_shown,
            "outline": _outline(finding.reference_region, reference_full, reference_shown),
        },
        "lines": _lines(seen, to_upload, to_reference),
        "points": len(seen.upload_points),
        "matrix": overlay_matrix(seen.transform, to_upload, to_reference),
        "negative": seen.negative,
        "heat": None if seen.heat is None else heat_uri(seen.heat, upload_full),
        "words": visible(", ".join(transform_words(finding)) or "unchanged"),
        "facts": _facts(result, finding, background),
        "figures": _figures(result, finding),
    }
