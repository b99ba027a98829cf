"""The value types of what was scanned, found and decided; conventions as in ``rows``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lynkeus.core import Action, Verdict
from lynkeus.core.media import Medium


class Decision(StrEnum):
    """What a person said about a finding."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RELABEL = "relabel"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFinding:
    """One finding to store.

    Attributes:
        gallery: Name of the gallery.
        reference_id: Because of which reference.
        score: Raw score, higher is more alike.
        action: What the gallery's policy asks for.
        rate: Expected false alarms a clean upload, 0 to 1; None without a background.
        rate_upper: Upper bound of that rate.
        region: Outline in the upload, JSON; None where unknown.
        start: Seconds into the upload where it begins; None for what does not play.
        end: Where it ends, likewise.
        reference_region: Outline of the matched part of the reference, JSON; None where unknown.
        reference_start: Seconds into the reference; None for what does not play.
        reference_end: Likewise.
        evidence: JSON of the evidence alone; empty for none.
        suppressed_by: Number of the review that silences it, or None.
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
    """One stored finding; gallery, entity and reference are given by name as of now, the kind is the gallery's."""

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
        path: Where it came from.
        verdict: The strictest action, or unreadable.
        digest: Empty where it could not be read.
        caller_id: What the caller calls it; need not be unique.
        medium: What it is.
        width: See above.
        height: See above.
        seconds: See above.
        error: Why it could not be read.
        scanned: When; None is now.
        scan_revision: The catalog's revision that it was scanned against: of the galleries in ``scores``.
        findings: What was found.
        scores: Name of each gallery that the upload was compared with, to the best score of all its candidates,
            reported or not; None where there was no candidate.
        blobs: What is kept of the upload itself; needs ``kept_until``.
        kept_until: When ``expire`` deletes the blobs; None: nothing is kept.
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
        id: Its number.
        finding_id: About which finding.
        decision: What was decided.
        who: By whom.
        when: When.
        entity_id: The right entity of a relabel, where the catalog has it.
        label: Free text for the right entity, where the catalog does not have it.
        note: Free text.
        undone: When it was taken back; None while it stands.
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
    """One standing rejection: this upload does not show this reference."""

    review_id: int
    finding_id: int
    upload_id: int
    upload_digest: str
    reference_id: int
    kind: str
