"""The catalog's value types: what goes in (``New...``) and what comes out.

Conventions: times are Unix seconds (UTC); digests are SHA-256 in lower-case hexadecimal; sizes of pictures
are pixels; texts that may be JSON (policy, calibration, evidence) are opaque to the catalog.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lynkeus.core import Action, Verdict


class Owner(StrEnum):
    """Whose blob it is."""

    REFERENCE = "reference"
    BACKGROUND = "background"
    UPLOAD = "upload"
    REVIEW = "review"


class Decision(StrEnum):
    """What a person said about a finding."""

    CONFIRM = "confirm"
    REJECT = "reject"
    RELABEL = "relabel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Which state of which database: an index built from it is named by these three.

    Attributes:
        database_id: UUID given at creation; a backup and its restore keep it.
        epoch: Raised by each restore.
        revision: Raised by each transaction that changes what a scan depends on; never falls within an epoch.
        backgrounds: The revision of the last change of the backgrounds.
    """

    database_id: str
    epoch: int
    revision: int
    backgrounds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gallery:
    """A named set of entities of one kind, with a policy (opaque text, or None) and whether it only logs."""

    id: int
    name: str
    policy: str | None
    log_only: bool
    created: float
    kind: str = "copy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What is protected. ``references`` counts the living ones; ``links`` maps a relation to names."""

    id: int
    gallery: str
    kind: str
    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Any]
    links: Mapping[str, Any]
    references: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReference:
    """One picture to register.

    Attributes:
        entity: Name of the entity it shows; made when missing.
        name: Usually the file name; need not be unique.
        digest: SHA-256 of the file's bytes; unique in its gallery.
        source: Where it came from, a path or URL; may be empty.
        width: Pixels of the upright picture.
        height: Likewise.
        model_version: Which embedding made the blobs that it was registered with.
        blobs: Part (``local``, ``global``, ``thumb``) to bytes.
        kind: The recogniser's kind.
    """

    entity: str
    name: str
    digest: str
    source: str = ""
    width: int = 0
    height: int = 0
    model_version: str = ""
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    kind: str = "copy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One registered picture; ``removed_revision`` is set on the tombstone of a removed one."""

    id: int
    gallery_id: int
    gallery: str
    entity_id: int
    entity: str
    kind: str
    name: str
    source: str
    digest: str
    width: int
    height: int
    model_version: str
    added_revision: int
    removed_revision: int | None
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """Outcome of adding one row: its id, and False for ``new`` where the same bytes were there already."""

    id: int
    new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What an index must do to come from one revision to ``stamp.revision``.

    Attributes:
        stamp: The state that the lists lead to.
        added: Living references that are new or got new blobs, ascending; they replace what the index has.
        removed: References removed since, ascending; the index may never have seen them.
        backgrounds: Whether the set of backgrounds changed.
    """

    stamp: Stamp
    added: tuple[int, ...]
    removed: tuple[int, ...]
    backgrounds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """Receipt for removed references.

    Attributes:
        ids: The references removed (purged: also those that were tombstones already).
        blobs: Number of blobs deleted; their bytes are overwritten with zeros.
        revision: The state without them.
        purged: Whether the rows' texts were blanked, too.
        wal_truncated: Whether the write-ahead log was emptied (purge only; False while a reader holds it).
        kept_copies: Databases set aside by a restore that lie beside the catalog and may still hold them.
            Backups are not searched for.
    """

    ids: tuple[int, ...]
    blobs: int
    revision: int
    purged: bool = False
    wal_truncated: bool = False
    kept_copies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBackground:
    """One picture known to hold nothing protected."""

    name: str
    digest: str
    source: str = ""
    shipped: bool = False
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """One stored background picture; ``shipped`` ones came with the package."""

    id: int
    name: str
    digest: str
    source: str
    shipped: bool
    added_revision: int
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BackgroundScore:
    """The highest raw score of one background picture against a gallery.

    Attributes:
        background_id: The background picture.
        score: Highest raw score over the references up to ``up_to_revision``.
        up_to_revision: References added later are not in it yet.
        reference_id: The reference that gave it: when that one is removed the row goes, to be made anew.
        excluded: Left out of the calibration, such as a near-copy of a reference.
        reason: Why; never the name of a reference, since a purge does not look here.
    """

    background_id: int
    score: float
    up_to_revision: int
    reference_id: int | None = None
    excluded: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The fitted calibration of a gallery and kind (opaque text) at a revision."""

    gallery: str
    kind: str
    revision: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFinding:
    """One finding to store. ``suppressed_by`` is the number of a review; ``evidence`` is opaque."""

    gallery: str
    reference_id: int
    kind: str
    score: float
    action: Action
    rate: float | None = None
    rate_upper: float | None = None
    evidence: bytes = b""
    suppressed_by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFinding:
    """One stored finding; gallery, entity and reference are given by name as of now."""

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
    evidence: bytes
    suppressed_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUpload:
    """One scanned upload to store.

    Attributes:
        path: Where it came from.
        verdict: The strictest action, or unreadable.
        digest: Empty where it could not be read.
        width: Pixels of the upright picture.
        height: Likewise.
        error: Why it could not be read.
        scanned: When; None is now.
        scan_revision: The catalog's revision that it was scanned against.
        findings: What was found.
        blobs: What is kept of the upload itself; needs ``kept_until``.
        kept_until: When ``expire`` deletes the blobs; None: nothing is kept.
    """

    path: str
    verdict: Verdict
    digest: str = ""
    width: int = 0
    height: int = 0
    error: str | None = None
    scanned: float | None = None
    scan_revision: int = 0
    findings: tuple[NewFinding, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    kept_until: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One stored upload, without its findings and blobs."""

    id: int
    path: str
    digest: str
    width: int
    height: int
    scanned: float
    verdict: Verdict
    error: str | None
    kept_until: float | None
    scan_revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One decision of a person; ``label``: the right entity of a relabel; ``undone``: when taken back."""

    id: int
    finding_id: int
    decision: Decision
    who: str
    when: float
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenFile:
    """A file's digest, good while path, size (bytes) and modification time (nanoseconds) are the same."""

    path: str
    size: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """Outcome of a restore.

    Attributes:
        stamp: The state after it.
        references: Living references now.
        purged_again: References that had been purged after the backup and were purged again.
        set_aside: Where the database from before lies; None where there was none.
        log_known: Whether the list of purges of the database from before could be read.
    """

    stamp: Stamp
    references: int
    purged_again: tuple[int, ...]
    set_aside: str | None
    log_known: bool
