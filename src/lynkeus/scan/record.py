"""Writing scanned uploads into the catalog: what was found, and for a stated time what a rescan needs."""

import time
from types import TracebackType
from typing import final

from lynkeus.catalog import NewFinding, NewUpload
from lynkeus.core import Finding, UploadResult
from lynkeus.report import to_line
from lynkeus.scan.home import Home
from lynkeus.scan.scanner import Scanned

_BATCH = 64
_DAY = 86400.0


@final
class Recorder:
    """Records uploads in batches; leaving the context writes the last one.

    Args:
        home: Where they are recorded.
        keep_days: How many days what a rescan needs is kept; None keeps nothing of an upload but its
            findings.
    """

    def __init__(self, home: Home, *, keep_days: int | None = None) -> None:
        self._home = home
        self._until = None if keep_days is None else time.time() + keep_days * _DAY
        self._batch: list[NewUpload] = []

    def add(self, scanned: Scanned) -> None:
        """Record one upload with what is reported of it."""
        result = scanned.result
        self._batch.append(
            NewUpload(
                path=result.upload,
                verdict=result.verdict,
                digest=result.digest,
                width=result.width,
                height=result.height,
                error=result.error,
                scan_revision=scanned.revision,
                findings=tuple(new_finding(result, finding) for finding in result.findings),
                blobs=scanned.items if self._until is not None else {},
                kept_until=self._until if scanned.items else None,
            )
        )
        if len(self._batch) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._home.catalog.uploads.record(self._batch)
        self._batch = []

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()


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
