"""The value types of uploads, findings and reviews; conventions as in ``rows``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lynkeus.core import Action, Verdict
from lynkeus.core.media import Medium


class Decision(StrEnum):
    """A person's decision about a finding."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RELABEL = "relabel"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFinding:
    """One finding to store.

    Attributes:
        gallery: Name of the gallery.
        reference_id: Number of the matched reference.
        score: Raw score, higher is more alike.
        action: The action that the gallery's policy asks for.
        rate: Expected false alarms per clean upload, 0 to 1; None without a background.
        rate_upper: Upper bound of ``rate``.
        region: Outline in the upload, JSON; None when unknown.
        start: Start in the upload, seconds; None for pictures and texts.
        end: End in the upload, seconds; None for pictures and texts.
        reference_region: Outline of the matched part of the reference, JSON; None when unknown.
        reference_start: Start in the reference, seconds; None for pictures and texts.
        reference_end: End in the reference, seconds; None for pictures and texts.
        evidence: JSON of the evidence alone; empty without evidence.
        suppressed_by: Number of the review that suppresses the finding, or None.
    """

    gallery: str
    reference_id: int
    score: float
    action: Action
    rate: float | None = None
    rate_upper: float | None = None
    region: str | None = None
    start: float | None = None
    end: float | None = None
    reference_region: str | None = None
    reference_start: float | None = None
    reference_end: float | None = None
    evidence: bytes = b""
    suppressed_by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFinding:
    """One stored finding, with the current names of gallery, entity and reference, and the kind of the gallery."""

    id: int
    upload_id: int
    gallery: str
    reference_id: int
    reference: str
    entity: str
    kind: str
    score: float
    rate: float | None
    rate_upper: float | None
    action: Action
    region: str | None
    start: float | None
    end: float | None
    reference_region: str | None
    reference_start: float | None
    reference_end: float | None
    evidence: bytes
    suppressed_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUpload:
    """One scanned upload to store.

    Attributes:
        path: Path of the upload.
        verdict: The strictest action, or unreadable.
        digest: SHA-256 of the file's bytes; empty for an unreadable upload.
        caller_id: The caller's own id of the upload; need not be unique.
        medium: Picture, video or text.
        width: Width, pixels.
        height: Height, pixels.
        seconds: Duration of a video.
        error: Why the upload could not be read.
        scanned: Time of the scan; None means now.
        scan_revision: The galleries in ``scores`` were compared up to this revision of the catalog.
        findings: The findings.
        scores: Name of each compared gallery to the best score of all candidates, reported or not; None without
            candidates.
        blobs: Data kept from the upload itself; needs ``kept_until``.
        kept_until: Time after which ``expire`` deletes the blobs; None when no blobs are kept.
    """

    path: str
    verdict: Verdict
    digest: str = ""
    caller_id: str | None = None
    medium: Medium = Medium.PICTURE
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    error: str | None = None
    scanned: float | None = None
    scan_revision: int = 0
    findings: tuple[NewFinding, ...] = ()
    scores: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    kept_until: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One stored upload, without its findings, scores and blobs."""

    id: int
    path: str
    digest: str
    caller_id: str | None
    medium: Medium
    width: int | None
    height: int | None
    seconds: float | None
    scanned: float
    verdict: Verdict
    error: str | None
    kept_until: float | None
    scan_revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One decision of a person.

    Attributes:
        id: Number of the review.
        finding_id: Number of the finding.
        decision: The decision.
        who: Who decided.
        when: Time of the decision.
        entity_id: Number of the right entity of a relabel, when the catalog has the entity.
        label: Name of the right entity of a relabel, when the catalog does not have the entity.
        note: Free text.
        undone: Time at which the review was undone; None while the review is in force.
    """

    id: int
    finding_id: int
    decision: Decision
    who: str
    when: float
    entity_id: int | None
    label: str | None
    note: str
    undone: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One rejection in force: the upload does not show the reference."""

    review_id: int
    finding_id: int
    upload_id: int
    upload_digest: str
    reference_id: int
    kind: str
