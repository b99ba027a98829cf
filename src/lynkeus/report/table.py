"""CSV for spreadsheets: one row a finding, one row for an upload without any.

Source: RFC 4180; the guard against formulas follows OWASP, "CSV injection"
(https://owasp.org/www-community/attacks/CSV_Injection): a text cell that a spreadsheet could take for a
formula gets an apostrophe in front. The file starts with a byte order mark, without which spreadsheets
misread names that are not plain ASCII.
"""

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from lynkeus.core.findings import Finding, UploadResult
from lynkeus.report.files import whole_file
from lynkeus.report.names import visible

COLUMNS = (
    "upload",
    "verdict",
    "error",
    "width",
    "height",
    "digest",
    "kind",
    "gallery",
    "entity",
    "reference",
    "reference_id",
    "action",
    "score",
    "rate",
    "rate_upper",
    "suppressed_by",
    "mirrored",
    "negative",
    "inliers",
    "agreement",
    "overlap",
    "cosine",
    "region",
)
_UPLOAD_COLUMNS = 6
_FORMULA_STARTS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def _text(value: str) -> str:
    shown = visible(value)
    return "'" + shown if shown.lstrip(" '\"\u00a0\u3000").startswith(_FORMULA_STARTS) else shown


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def _upload_cells(result: UploadResult) -> list[str]:
    return [
        _text(result.upload),
        result.verdict.value,
        _text(result.error or ""),
        str(result.width),
        str(result.height),
        result.digest,
    ]


def _finding_cells(finding: Finding) -> list[str]:
    seen = finding.evidence
    return [
        _text(finding.kind),
        _text(finding.gallery),
        _text(finding.entity),
        _text(finding.reference),
        str(finding.reference_id),
        finding.action.value,
        _number(finding.score),
        _number(finding.rate),
        _number(finding.rate_upper),
        "" if finding.suppressed_by is None else str(finding.suppressed_by),
        "yes" if seen.mirrored else "no",
        "yes" if seen.negative else "no",
        str(seen.inliers),
        _number(seen.agreement),
        _number(seen.overlap),
        _number(seen.cosine),
        " ".join(f"{x:.1f},{y:.1f}" for x, y in finding.region if math.isfinite(x) and math.isfinite(y)),
    ]


def write_csv(path: Path, results: Iterable[UploadResult]) -> None:
    """Write a table of all findings; uploads without any and unreadable ones have one row each.

    Args:
        path: File to write; it appears only when whole.
        results: The uploads, in the order of the rows.

    Raises:
        OSError: The file cannot be written.
    """
    with whole_file(path, encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for result in results:
            upload = _upload_cells(result)
            for finding in result.findings:
                writer.writerow(upload + _finding_cells(finding))
            if not result.findings:
                writer.writerow(upload + [""] * (len(COLUMNS) - _UPLOAD_COLUMNS))
