"""Writing scanned uploads into the catalog: what was found, and for a stated time what a rescan needs."""

import time
from collections.abc import Iterable, Iterator

from lynkeus.catalog import NewFinding, NewUpload
from lynkeus.core import Finding, UploadResult
from lynkeus.report import to_line
from lynkeus.scan.home import Home
from lynkeus.scan.scanner import Scanned

_BATCH = 64  # uploads stored at once
_SECONDS = 1.0  # that a scanned upload waits for others at most
_DAY = 86400.0


def recorded(home: Home, scanned: Iterable[Scanned], *, keep_days: int | None = None) -> Iterator[Scanned]:
    """Record uploads in batches, and pass each one on once it is stored for good.

    A scan that is cut off has stored what it has passed on.

    Args:
        home: Where they are recorded.
        scanned: The uploads.
        keep_days: How many days what a rescan needs is kept; None keeps nothing of an upload but its findings.
    """
    until = None if keep_days is None else time.time() + keep_days * _DAY
    batch: list[Scanned] = []
    began = time.monotonic()
    try:
        for row in scanned:
            batch.append(row)
            if len(batch) >= _BATCH or time.monotonic() - began >= _SECONDS:
                yield from _stored(home, batch, until)
                batch, began = [], time.monotonic()
    finally:  # also where the scan itself was cut off
        rest = list(_stored(home, batch, until))
    yield from rest


def recorded_again(home: Home, scanned: Iterable[Scanned]) -> Iterator[Scanned]:
    """As ``recorded``, for a rescan: an upload with new findings is recorded once more."""
    for row in scanned:
        if row.result.findings:
            home.catalog.uploads.record([_new_upload(row, None)])
        yield row


def _stored(home: Home, batch: list[Scanned], until: float | None) -> Iterator[Scanned]:
    home.catalog.uploads.record([_new_upload(row, until) for row in batch])
    yield from batch


def _new_upload(scanned: Scanned, until: float | None) -> NewUpload:
    result = scanned.result
    return NewUpload(
        path=result.upload,
        verdict=result.verdict,
        digest=result.digest,
        width=result.width,
        height=result.height,
        error=result.error,
        scan_revision=min(scanned.compared.values(), default=0),
        findings=tuple(new_finding(result, finding) for finding in result.findings),
        blobs=scanned.items if until is not None else {},
        kept_until=until if scanned.items else None,
    )


def new_finding(result: UploadResult, finding: Finding) -> NewFinding:
    """A finding as the catalog stores it; the evidence is the report's JSON of the upload with this finding alone."""
    alone = UploadResult(
        upload=result.upload,
        verdict=result.verdict,
        findings=(finding,),
        width=result.width,
        height=result.height,
        digest=result.digest,
    )
    return NewFinding(
        gallery=finding.gallery,
        reference_id=finding.reference_id,
        kind=finding.kind,
        score=finding.score,
        action=finding.action,
        rate=finding.rate,
        rate_upper=finding.rate_upper,
        evidence=to_line(alone).encode(),
        suppressed_by=finding.suppressed_by,
    )
