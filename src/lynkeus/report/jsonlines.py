"""JSON lines: one line an upload, written as the scan goes on and read back to value types.

Source: none, ours; the format is described in ``_result``. Every line has the same keys in the same order.
Conventions: pixels as in ``lynkeus.core.findings``, kept to 0.01 pixel; normalised coordinates are shares
of width and height measured from the picture's corner, so the centre of the first pixel of a picture
four pixels wide is at 0.125. What is not finite becomes null: NaN and Infinity are no JSON. Times are
left out, so that equal scans give equal bytes.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from jaxtyping import Float

from lynkeus.core.errors import CorruptError
from lynkeus.core.findings import Action, Evidence, Finding, UploadResult, Verdict
from lynkeus.report.names import encodable

FORMAT = 1
_LINE_BREAKERS = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def finite(value: float | None) -> float | None:
    """The number, or None where it is NaN, infinite or missing."""
    return float(value) if value is not None and math.isfinite(value) else None


def _rows(points: Float[np.ndarray, "n d"], digits: int = 2) -> list[list[float]]:
    kept = points[np.all(np.isfinite(points), axis=1)].astype(np.float64)
    return (np.round(kept, digits) + 0.0).tolist()


def _outline(points: Float[np.ndarray, "n 2"]) -> list[list[float]]:
    return _rows(points) if np.all(np.isfinite(points)) else []


def _region(points: Float[np.ndarray, "n 2"], width: int, height: int) -> dict[str, Any]:
    pixels = _outline(points)
    if not pixels or width <= 0 or height <= 0:
        return {"pixels": pixels, "normalised": []}
    return {"pixels": pixels, "normalised": _rows((np.array(pixels) + 0.5) / (width, height), 6)}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    transform = evidence.transform
    usable = transform is not None and bool(np.all(np.isfinite(transform)))
    return {
        "transform": transform.tolist() if transform is not None and usable else None,
        "mirrored": evidence.mirrored,
        "negative": evidence.negative,
        "inliers": evidence.inliers,
        "agreement": finite(evidence.agreement),
        "overlap": finite(evidence.overlap),
        "cosine": finite(evidence.cosine),
        "points": _rows(np.hstack([evidence.upload_points, evidence.reference_points])),
        "heat": None if evidence.heat is None else _rows(np.nan_to_num(evidence.heat)),
    }


def _finding(finding: Finding, width: int, height: int) -> dict[str, Any]:
    return {
        "kind": encodable(finding.kind),
        "gallery": encodable(finding.gallery),
        "entity": encodable(finding.entity),
        "reference": encodable(finding.reference),
        "reference_id": finding.reference_id,
        "action": finding.action.value,
        "rate": finite(finding.rate),
        "rate_upper": finite(finding.rate_upper),
        "score": finite(finding.score),
        "suppressed_by": finding.suppressed_by,
        "region": _region(finding.region, width, height),
        "reference_region": _outline(finding.reference_region),
        "evidence": _evidence(finding.evidence),
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
        "format": FORMAT,
    }


def to_line(result: UploadResult) -> str:
    r"""One upload as one line of JSON, without the line's end.

    A name that is no UTF-8 is written with ``\xNN`` for each stray byte, and in full as hexadecimal
    ``upload_bytes``.
    """
    text = json.dumps(_result(result), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _LINE_BREAKERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@final
class JsonLinesWriter:
    """Writes one line an upload and flushes it, so that a stopped scan keeps what it had.

    Args:
        path: File to write.
        append: Go on after the lines that are there; a torn last line is cut off first. Otherwise the
            file is emptied.
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


def _points(rows: Sequence[Sequence[float]], columns: int) -> Float[np.ndarray, "n d"]:
    return np.array(rows, np.float64).reshape(-1, columns)


def _read_number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _read_finding(record: Mapping[str, Any]) -> Finding:
    seen: Mapping[str, Any] = record["evidence"]
    points = _points(seen["points"], 4)
    transform, heat = seen["transform"], seen.get("heat")  # lines of before objects have no heat
    return Finding(
        kind=record["kind"],
        gallery=record["gallery"],
        entity=record["entity"],
        reference=record["reference"],
        reference_id=record["reference_id"],
        score=math.nan if record["score"] is None else float(record["score"]),
        rate=_read_number(record["rate"]),
        rate_upper=_read_number(record["rate_upper"]),
        action=Action(record["action"]),
        suppressed_by=record["suppressed_by"],
        region=_points(record["region"]["pixels"], 2),
        reference_region=_points(record["reference_region"], 2),
        evidence=Evidence(
            transform=None if transform is None else _points(transform, 3),
            upload_points=points[:, :2],
            reference_points=points[:, 2:],
            mirrored=seen["mirrored"],
            negative=seen["negative"],
            inliers=seen["inliers"],
            agreement=_read_number(seen["agreement"]),
            overlap=_read_number(seen["overlap"]) or 0.0,
            cosine=_read_number(seen["cosine"]),
            heat=None if heat is None else np.array(heat, np.float32).reshape(len(heat), -1),
        ),
    )


def from_line(line: str) -> UploadResult:
    """The upload that one line describes.

    Raises:
        CorruptError: The line is no JSON, or not of this format.
    """
    try:
        record = json.loads(line)
        if record["format"] != FORMAT:
            raise CorruptError(f"format {record['format']} is not known, only {FORMAT} is")
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
        raise CorruptError(f"no line of a scan result: {error!r}") from error


def read_jsonlines(path: Path) -> Iterator[UploadResult]:
    """The uploads of a file, one after another.

    Raises:
        CorruptError: A line is no JSON, or not of this format; the text gives its number.
    """
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield from_line(line)
            except CorruptError as error:
                raise CorruptError(f"line {number}: {error}") from error
