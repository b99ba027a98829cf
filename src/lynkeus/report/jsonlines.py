"""JSON lines: one line per upload, written during the scan and read back to value types.

Source: none, ours; ``docs/reference/json-lines.md`` describes format 2 field by field. Every line has the same keys in
the same order. Lines of format 1 can still be read.
Conventions: pixels as in ``lynkeus.core.findings``, rounded to 0.01 pixel; normalised coordinates are shares of width
and height, measured from the corner of the picture, so the centre of the first pixel of a picture four pixels wide is
at 0.125. A number that is not finite becomes null, because JSON has no NaN and no Infinity. Lines hold no time of the
scan, so that equal scans give equal bytes.
"""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from jaxtyping import Float

from lynkeus.core.errors import CorruptError
from lynkeus.core.findings import Action, Belief, Finding, UploadResult, Verdict
from lynkeus.core.media import Span
from lynkeus.report.evidence import evidence_of, evidence_record
from lynkeus.report.format_one import upgraded
from lynkeus.report.json_text import array_of, finite, number_of, one_line, rows
from lynkeus.report.names import encodable

SCHEMA = 2
"""Number of the format that this module writes."""

_SHARE_DIGITS = 6
"""Decimals of a share of width or height; a millionth is about 0.01 pixel in the largest picture that we read."""


def _outline(points: Float[np.ndarray, "n 2"]) -> list[list[float]]:
    return rows(points) if np.all(np.isfinite(points)) else []


def _region(points: Float[np.ndarray, "n 2"], width: int, height: int) -> dict[str, Any]:
    pixels = _outline(points)
    if not pixels or width <= 0 or height <= 0:
        return {"pixels": pixels, "normalised": []}
    return {"pixels": pixels, "normalised": rows((np.array(pixels) + 0.5) / (width, height), _SHARE_DIGITS)}


def _span(span: Span | None) -> list[float] | None:
    if span is None or not math.isfinite(span.end):
        return None
    return [float(span.start), float(span.end)]


def _finding(finding: Finding, width: int, height: int) -> dict[str, Any]:
    return {
        "kind": encodable(finding.kind),
        "gallery": encodable(finding.gallery),
        "entity": encodable(finding.entity),
        "reference": encodable(finding.reference),
        "reference_id": finding.reference_id,
        "names_entity": finding.names_entity,
        "action": finding.action.value,
        "belief": finding.belief.name.lower(),
        "rate": finite(finding.rate),
        "rate_upper": finite(finding.rate_upper),
        "score": finite(finding.score),
        "suppressed_by": finding.suppressed_by,
        "region": _region(finding.region, width, height),
        "reference_region": _outline(finding.reference_region),
        "span": _span(finding.span),
        "reference_span": _span(finding.reference_span),
        "evidence": evidence_record(finding.evidence),
    }


def _result(result: UploadResult) -> dict[str, Any]:
    name = encodable(result.upload)
    record: dict[str, Any] = {"upload": name}
    if name != result.upload:
        record["upload_bytes"] = result.upload.encode("utf-8", "surrogateescape").hex()
    return record | {
        "verdict": result.verdict.value,
        "findings": [_finding(finding, result.width, result.height) for finding in result.findings],
        "error": None if result.error is None else encodable(result.error),
        "width": result.width,
        "height": result.height,
        "digest": result.digest,
        "schema": SCHEMA,
    }


def to_line(result: UploadResult) -> str:
    r"""One upload as one line of JSON, without the line's end.

    A name that is not UTF-8 has ``\xNN`` for each invalid byte; ``upload_bytes`` then holds the exact bytes in
    hexadecimal.
    """
    return one_line(_result(result))


@final
class JsonLinesWriter:
    """Write one line per upload and flush each line, so that a stopped scan keeps its lines.

    Args:
        path: File to write.
        append: Append to the lines of an existing file, after removing an incomplete last line. Otherwise the file
            is emptied.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        if append and path.exists():
            _cut_torn_line(path)
        self._file = path.open("a" if append else "w", encoding="utf-8", newline="\n")

    def write(self, result: UploadResult) -> None:
        """Append one upload."""
        self._file.write(to_line(result) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> "JsonLinesWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cut_torn_line(path: Path) -> None:
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(end - 65536, 0)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                file.truncate(start + newline + 1)
                return
            end = start
        file.truncate(0)


def _span_of(listed: Sequence[float] | None) -> Span | None:
    return None if listed is None else Span(*listed)


def _read_finding(record: Mapping[str, Any]) -> Finding:
    return Finding(
        kind=record["kind"],
        gallery=record["gallery"],
        entity=record["entity"],
        reference=record["reference"],
        reference_id=record["reference_id"],
        names_entity=record["names_entity"],
        score=math.nan if record["score"] is None else float(record["score"]),
        rate=number_of(record["rate"]),
        rate_upper=number_of(record["rate_upper"]),
        action=Action(record["action"]),
        belief=Belief[record["belief"].upper()],
        suppressed_by=record["suppressed_by"],
        region=array_of(record["region"]["pixels"], 2),
        reference_region=array_of(record["reference_region"], 2),
        span=_span_of(record["span"]),
        reference_span=_span_of(record["reference_span"]),
        evidence=evidence_of(record["evidence"]),
    )


def from_line(line: str) -> UploadResult:
    """The upload that one line describes.

    Raises:
        CorruptError: The line is not JSON, or has an unknown format.
    """
    try:
        record = json.loads(line)
        if "schema" not in record:
            record = upgraded(record)
        if record["schema"] != SCHEMA:
            raise CorruptError(f"schema {record['schema']} is unknown; only {SCHEMA} is known")
        raw = record.get("upload_bytes")
        return UploadResult(
            upload=record["upload"] if raw is None else bytes.fromhex(raw).decode("utf-8", "surrogateescape"),
            verdict=Verdict(record["verdict"]),
            findings=tuple(_read_finding(finding) for finding in record["findings"]),
            error=record["error"],
            width=record["width"],
            height=record["height"],
            digest=record["digest"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptError(f"not a line of a scan result: {error!r}") from error


def read_jsonlines(path: Path) -> Iterator[UploadResult]:
    """Read the uploads of a file, one after the other.

    Raises:
        CorruptError: A line is not JSON, or has an unknown format; the message gives the number of the line.
    """
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield from_line(line)
            except CorruptError as error:
                raise CorruptError(f"line {number}: {error}") from error
