"""CSV for spreadsheets: one row per finding, and one row per upload without findings.

Source: RFC 4180. The file starts with a byte order mark, because spreadsheets otherwise misread names that are not
ASCII.
"""

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from lynkeus.core.findings import Finding, UploadResult
from lynkeus.core.media import Span
from lynkeus.report.cells import number_cell, text_cell, yes_no
from lynkeus.report.files import whole_file
from lynkeus.report.parts import PARTS

_UPLOAD_COLUMNS = ("upload", "verdict", "error", "width", "height", "digest")
_FINDING_COLUMNS = (
    "kind",
    "gallery",
    "entity",
    "reference",
    "reference_id",
    "names_entity",
    "action",
    "belief",
    "score",
    "rate",
    "rate_upper",
    "suppressed_by",
)
_PLACE_COLUMNS = ("region", "start", "end", "reference_start", "reference_end")
_PART_COLUMNS = tuple(column for part in PARTS.values() for column in part.columns)
COLUMNS = (*_UPLOAD_COLUMNS, *_FINDING_COLUMNS, *_PART_COLUMNS, *_PLACE_COLUMNS)


def _upload_cells(result: UploadResult) -> list[str]:
    return [
        text_cell(result.upload),
        result.verdict.value,
        text_cell(result.error or ""),
        str(result.width),
        str(result.height),
        result.digest,
    ]


def _part_cells(finding: Finding) -> list[str]:
    cells: list[str] = []
    for name, part in PARTS.items():
        value = getattr(finding.evidence, name)
        cells += [""] * len(part.columns) if value is None else part.cells(value)
    return cells


def _span_cells(span: Span | None) -> list[str]:
    return ["", ""] if span is None else [number_cell(span.start), number_cell(span.end)]


def _finding_cells(finding: Finding) -> list[str]:
    return [
        text_cell(finding.kind),
        text_cell(finding.gallery),
        text_cell(finding.entity),
        text_cell(finding.reference),
        str(finding.reference_id),
        yes_no(value=finding.names_entity),
        finding.action.value,
        finding.belief.name.lower(),
        number_cell(finding.score),
        number_cell(finding.rate),
        number_cell(finding.rate_upper),
        "" if finding.suppressed_by is None else str(finding.suppressed_by),
        *_part_cells(finding),
        " ".join(f"{x:.1f},{y:.1f}" for x, y in finding.region if math.isfinite(x) and math.isfinite(y)),
        *_span_cells(finding.span),
        *_span_cells(finding.reference_span),
    ]


def write_csv(path: Path, results: Iterable[UploadResult]) -> None:
    """Write a table of all findings; each unreadable upload and each upload without findings has one row.

    Args:
        path: File to write; the file takes its name only when complete.
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
                writer.writerow(upload + [""] * (len(COLUMNS) - len(upload)))
