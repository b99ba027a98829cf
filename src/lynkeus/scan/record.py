"""Writing scanned uploads into the catalog: what was found, and for a stated time what a rescan needs."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from lynkeus.catalog import NewFinding, NewUpload
from lynkeus.core import Finding, UnknownNameError, Verdict
from lynkeus.report import evidence_to_json
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
                ready, batch, began = batch, [], time.monotonic()  # before they are stored: no row is stored twice
                _store(home, ready, until)
                yield from ready
    finally:  # also where the scan itself was cut off
        rest, batch = batch, []
        _store(home, rest, until)
    yield from rest


def recorded_again(home: Home, scanned: Iterable[Scanned]) -> Iterator[Scanned]:
    """As ``recorded``, for a rescan: only an upload with new findings is recorded once more.

    For all others the catalog notes what they were compared with, so that no pair is compared twice. An upload that
    cannot be read any more is tried again next time.
    """
    for row in scanned:
        if row.result.findings:
            _store(home, [row], None)
        elif row.earlier is not None and row.result.verdict is not Verdict.UNREADABLE:
            home.catalog.uploads.compare(row.earlier, row.compared)
        yield row


def _store(home: Home, rows: Sequence[Scanned], until: float | None) -> None:
    """Record uploads; what was found in a gallery that is gone is left out."""
    try:
        home.catalog.uploads.record([_new_upload(home, row, until) for row in rows])
    except UnknownNameError:  # a gallery was removed or renamed just now
        home.catalog.uploads.record([_new_upload(home, row, until) for row in rows])


def _new_upload(home: Home, scanned: Scanned, until: float | None) -> NewUpload:
    """An upload as the catalog stores it, under the names that galleries have now."""
    result = scanned.result
    now = {gallery.id: name for name, gallery in home.galleries().items()}
    names = {before: now[number] for before, number in scanned.galleries.items() if number in now}
    best: dict[str, float | None] = dict.fromkeys(names.values())
    for finding in reversed(scanned.candidates):  # the best one comes first, and so last here
        if finding.gallery in names:
            best[names[finding.gallery]] = finding.score
    found = [replace(each, gallery=names[each.gallery]) for each in result.findings if each.gallery in names]
    return NewUpload(
        path=result.upload,
        verdict=result.verdict,
        digest=result.digest,
        width=result.width or None,
        height=result.height or None,
        error=result.error,
        scan_revision=min(scanned.compared.values(), default=0),
        findings=tuple(new_finding(finding) for finding in found),
        scores=best,
        blobs=scanned.items if until is not None else {},
        kept_until=until if scanned.items else None,
    )


def new_finding(finding: Finding) -> NewFinding:
    """A finding as the catalog stores it."""
    span, reference_span = finding.span, finding.reference_span
    return NewFinding(
        gallery=finding.gallery,
        reference_id=finding.reference_id,
        score=finding.score,
        action=finding.action,
        rate=finding.rate,
        rate_upper=finding.rate_upper,
        region=_outline(finding.region),
        start=None if span is None else span.start,
        end=None if span is None else span.end,
        reference_region=_outline(finding.reference_region),
        reference_start=None if reference_span is None else reference_span.start,
        reference_end=None if reference_span is None else reference_span.end,
        evidence=evidence_to_json(finding.evidence).encode(),
        suppressed_by=finding.suppressed_by,
    )


def _outline(region: Float[np.ndarray, "n 2"]) -> str | None:
    """An outline as JSON, to a hundredth of a pixel."""
    return json.dumps(np.round(region, 2).tolist()) if len(region) else None
