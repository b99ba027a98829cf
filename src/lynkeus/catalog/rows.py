"""The catalog's value types: rows to store (``New...``) and stored rows. ``upload_rows`` has the types of uploads.

Conventions: times are Unix seconds (UTC); digests are SHA-256 in lower-case hexadecimal; ``width`` and ``height`` are
pixels of the upright picture, None when unknown; ``seconds`` is the duration of a video or sound, None for pictures
and texts; policy, calibration, region and evidence are texts that the catalog does not interpret. The name of a blob
is ``item`` or ``item@maker``, such as ``thumb`` or ``global@1a2b3c4d5e6f``; the maker is the first 12 digits of the
SHA-256 of the model that made the item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lynkeus.core.media import Medium


class Owner(StrEnum):
    """The kind of row that a blob belongs to."""

    REFERENCE = "reference"
    BACKGROUND = "background"
    UPLOAD = "upload"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Identifies a state of a database. The first three fields name an index that is built from this state.

    Attributes:
        database_id: UUID made at creation; a backup and its restore keep the UUID.
        epoch: Each restore raises the epoch.
        revision: Each transaction that changes the results of scans raises the revision; the revision never falls
            within an epoch.
        backgrounds: The last revision that changed the set of backgrounds.
    """

    database_id: str
    epoch: int
    revision: int
    backgrounds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gallery:
    """A named set of entities of one kind.

    Attributes:
        id: Number of the gallery.
        name: Unique among the living galleries.
        kind: Name of the kind of everything in the gallery.
        policy: The policy, opaque to the catalog; None means no policy.
        log_only: Whether findings are recorded but ask for no action.
        retention_days: Days for which the data that a review needs of an upload is kept; None means not set.
        created: Time of creation.
    """

    id: int
    name: str
    kind: str
    policy: str | None
    log_only: bool
    retention_days: int | None
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A protected thing or person.

    Attributes:
        id: Number of the entity.
        gallery: Name of the gallery.
        kind: Kind of the gallery.
        name: Unique among the living entities of the gallery.
        aliases: Other names.
        attributes: Any values that JSON can hold.
        links: Name of a relation to the sorted names of other entities of the gallery.
        references: Number of living references that show the entity.
    """

    id: int
    gallery: str
    kind: str
    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Any]
    links: Mapping[str, tuple[str, ...]]
    references: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReference:
    """One picture, video or text to register.

    Attributes:
        entity: Name of the entity that the reference shows; a missing entity is made.
        name: Usually the file name; need not be unique.
        digest: SHA-256 of the file's bytes; unique in the gallery.
        source: Path or URL that the reference came from; may be empty.
        medium: Picture, video or text.
        width: Width, pixels.
        height: Height, pixels.
        seconds: Duration of a video.
        region: Outline of the part that shows the entity, JSON; None means the whole reference.
        model_version: Version of the models that made the blobs at registration.
        blobs: Name to bytes.
    """

    entity: str
    name: str
    digest: str
    source: str = ""
    medium: Medium = Medium.PICTURE
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    region: str | None = None
    model_version: str = ""
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One registered picture, video or text; ``removed_revision`` is set on the tombstone of a removed one."""

    id: int
    gallery_id: int
    gallery: str
    entity_id: int
    entity: str
    kind: str
    name: str
    source: str
    digest: str
    medium: Medium
    width: int | None
    height: int | None
    seconds: float | None
    region: str | None
    model_version: str
    added_revision: int
    removed_revision: int | None
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """Outcome of adding one row: the id, and whether the row is new; False means that the same bytes were stored."""

    id: int
    new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """The changes that bring an index from an earlier revision to ``stamp.revision``.

    Attributes:
        stamp: The state after the changes.
        added: New living references, and references with new blobs, ascending; they replace entries of the index.
        removed: References removed since, ascending; the index need not contain them.
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
        ids: The removed references; a purge also lists references that were tombstones before.
        blobs: Number of blobs deleted; their bytes are overwritten with zeros.
        revision: The first revision without the references.
        purged: Whether the texts of the rows were blanked as well.
        wal_truncated: Whether a purge emptied the write-ahead log; False when a reader still holds the log.
        kept_copies: Databases that a restore set aside beside the catalog; they may still hold the references.
            Backups are not searched.
    """

    ids: tuple[int, ...]
    blobs: int
    revision: int
    purged: bool = False
    wal_truncated: bool = False
    kept_copies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBackground:
    """One picture, video or text known to hold nothing protected."""

    name: str
    digest: str
    source: str = ""
    shipped: bool = False
    medium: Medium = Medium.PICTURE
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    blobs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """One stored background picture, video or text; ``shipped`` says that it came with the package."""

    id: int
    name: str
    digest: str
    source: str
    shipped: bool
    medium: Medium
    width: int | None
    height: int | None
    seconds: float | None
    added_revision: int
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BackgroundScore:
    """The highest raw score of one background picture against a gallery.

    Attributes:
        background_id: The background picture.
        score: Highest raw score over the references up to ``up_to_revision``.
        up_to_revision: The score covers references up to this revision; later references are not compared yet.
        reference_id: The reference with the highest score; removing this reference deletes the row.
        excluded: Whether the picture is left out of the calibration, such as a near-copy of a reference.
        reason: Reason for the exclusion; never the name of a reference, because a purge does not change this text.
    """

    background_id: int
    score: float
    up_to_revision: int
    reference_id: int | None = None
    excluded: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The calibration (opaque text) of a gallery for uploads of one medium, fitted at a revision."""

    gallery: str
    medium: Medium
    revision: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenFile:
    """A file's digest, valid while path, size (bytes) and modification time (nanoseconds) are the same."""

    path: str
    size: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """Outcome of a restore.

    Attributes:
        stamp: The state after the restore.
        references: Number of living references after the restore.
        purged_again: References that were purged after the backup; the restore purged them again.
        set_aside: Path of the previous database; None when there was none.
        log_known: Whether the purges of the previous database could be read.
    """

    stamp: Stamp
    references: int
    purged_again: tuple[int, ...]
    set_aside: str | None
    log_known: bool
