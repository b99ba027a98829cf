"""The catalog's value types: what goes in (``New...``) and what comes out. Those of uploads are in ``upload_rows``.

Conventions: times are Unix seconds (UTC); digests are SHA-256 in lower-case hexadecimal; sizes are pixels of the
upright picture and None where unknown; ``seconds`` is the length of what plays, None for what does not play; texts
that may be JSON (policy, calibration, region, evidence) are opaque to the catalog. Blobs are named ``item`` or
``item@maker``, such as ``thumb`` or ``global@1a2b3c4d5e6f``: the maker is the first 12 digits of the SHA-256 of the
model that made the item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lynkeus.core.media import Medium


class Owner(StrEnum):
    """Whose blob it is."""

    REFERENCE = "reference"
    BACKGROUND = "background"
    UPLOAD = "upload"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Which state of which database: an index built from it is named by the first three.

    Attributes:
        database_id: UUID given at creation; a backup and its restore keep it.
        epoch: Raised by each restore.
        revision: Raised by each transaction that changes what a scan depends on; never falls within an epoch.
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
        id: Its number.
        name: Unique among the living galleries.
        kind: The recogniser's kind of all that is registered into it.
        policy: Opaque text; None for none yet.
        log_only: Whether findings are noted but ask for no action.
        retention_days: How many days what a review needs of an upload is kept; None where nobody has said.
        created: When.
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
    """What is protected.

    Attributes:
        id: Its number.
        gallery: Name of its gallery.
        kind: That of its gallery.
        name: Unique among the living entities of the gallery.
        aliases: Other names.
        attributes: Anything that JSON takes.
        links: Relation to the names, sorted, of other entities of the gallery.
        references: How many living references show it.
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
        entity: Name of the entity it shows; made when missing.
        name: Usually the file name; need not be unique.
        digest: SHA-256 of the file's bytes; unique in its gallery.
        source: Where it came from, a path or URL; may be empty.
        medium: What it is.
        width: See above.
        height: See above.
        seconds: See above.
        region: Outline of the place that is meant, JSON; None means all of it.
        model_version: Which embedding made the blobs that it was registered with.
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
    """One picture known to hold nothing protected, or a video or text."""

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
    """One stored background picture, video or text; ``shipped`` ones came with the package."""

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
    """The fitted calibration of a gallery for uploads of a medium (opaque text) at a revision."""

    gallery: str
    medium: Medium
    revision: int
    text: str


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
