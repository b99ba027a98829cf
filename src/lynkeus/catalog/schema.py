"""The catalog's tables, and the numbers that mark a file as ours.

``create_all`` on this metadata and the Alembic migrations must give the same database; a test compares them. A change
here needs a new file in ``migrations/versions`` and a higher ``SCHEMA``. Removed galleries and references stay as
rows with ``removed_revision``, because findings still point at them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

SCHEMA = 3  # number of the newest file in migrations/versions
APPLICATION_ID = 0x4C594E4B  # "LYNK": bytes 68 to 71 of the SQLite header

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BIG = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _BIG, primary_key=True, autoincrement=True)


def _points_at(name: str, target: str, *, primary_key: bool = False, nullable: bool = False) -> Column[int]:
    return Column(name, _BIG, ForeignKey(f"{target}.id"), primary_key=primary_key, nullable=nullable)


def _medium() -> Column[str]:
    return Column("medium", String(16), nullable=False)


def revision_name(schema: int) -> str:
    """Alembic's name of a schema number.

    >>> revision_name(1)
    '0001'
    """
    return f"{schema:04d}"


alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("database_id", String(36), nullable=False),
    Column("epoch", _BIG, nullable=False),
    Column("revision", _BIG, nullable=False),
    Column("backgrounds_revision", _BIG, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("created", Double, nullable=False),
)

gallery = Table(
    "gallery",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("policy", Text),
    Column("log_only", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("removed_revision", _BIG),
    Column("kind", Text, nullable=False),
    Column("retention_days", Integer),
    sqlite_autoincrement=True,
)

entity = Table(
    "entity",
    metadata,
    _id(),
    _points_at("gallery_id", "gallery"),
    Column("name", Text, nullable=False),
    Column("aliases", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("removed_revision", _BIG),
    sqlite_autoincrement=True,
)

relation = Table(
    "relation",
    metadata,
    _points_at("entity_id", "entity", primary_key=True),
    Column("name", Text, primary_key=True),
    _points_at("other_id", "entity", primary_key=True),
)

reference = Table(
    "reference",
    metadata,
    _id(),
    _points_at("gallery_id", "gallery"),
    _points_at("entity_id", "entity"),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False),
    _medium(),
    Column("width", Integer),
    Column("height", Integer),
    Column("seconds", Double),
    Column("region", Text),
    Column("model_version", Text, nullable=False),
    Column("added_revision", _BIG, nullable=False, index=True),
    Column("removed_revision", _BIG, index=True),
    Column("created", Double, nullable=False),
    sqlite_autoincrement=True,
)

background = Table(
    "background",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("shipped", Boolean, nullable=False),
    _medium(),
    Column("width", Integer),
    Column("height", Integer),
    Column("seconds", Double),
    Column("added_revision", _BIG, nullable=False),
    Column("created", Double, nullable=False),
    sqlite_autoincrement=True,
)

blob = Table(  # no foreign key: the owner is a row of one of four tables
    "blob",
    metadata,
    Column("owner", String(16), primary_key=True),
    Column("owner_id", _BIG, primary_key=True, autoincrement=False),
    Column("item", String(32), primary_key=True),
    Column("maker", String(12), primary_key=True),  # first 12 digits of the model's digest; "" for no model
    Column("bytes", LargeBinary, nullable=False),
)

background_score = Table(
    "background_score",
    metadata,
    _points_at("gallery_id", "gallery", primary_key=True),
    _points_at("background_id", "background", primary_key=True),
    Column("score", Double, nullable=False),
    Column("up_to_revision", _BIG, nullable=False),
    _points_at("reference_id", "reference", nullable=True),
    Column("excluded", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
)

calibration = Table(
    "calibration",
    metadata,
    _points_at("gallery_id", "gallery", primary_key=True),
    Column("medium", String(16), primary_key=True),
    Column("revision", _BIG, nullable=False),
    Column("text", Text, nullable=False),
)

upload = Table(
    "upload",
    metadata,
    _id(),
    Column("path", Text, nullable=False, index=True),
    Column("digest", Text, nullable=False, index=True),
    Column("caller_id", Text, index=True),  # the caller's own id of the upload
    _medium(),
    Column("width", Integer),
    Column("height", Integer),
    Column("seconds", Double),
    Column("scanned", Double, nullable=False),
    Column("verdict", String(16), nullable=False, index=True),
    Column("error", Text),
    Column("kept_until", Double, index=True),
    Column("scan_revision", _BIG, nullable=False),
    sqlite_autoincrement=True,
)

upload_score = Table(  # the best score of all candidates, reported or not; NULL without candidates
    "upload_score",
    metadata,
    _points_at("upload_id", "upload", primary_key=True),
    _points_at("gallery_id", "gallery", primary_key=True),
    Column("score", Double),
    Column("revision", _BIG, nullable=False),  # references up to this revision have been compared
)

finding = Table(
    "finding",
    metadata,
    _id(),
    _points_at("upload_id", "upload"),
    _points_at("gallery_id", "gallery"),
    _points_at("reference_id", "reference"),
    Column("score", Double, nullable=False),
    Column("rate", Double),
    Column("rate_upper", Double),
    Column("action", String(16), nullable=False, index=True),
    Column("region", Text),
    Column("start", Double),
    Column("end", Double),
    Column("reference_region", Text),
    Column("reference_start", Double),
    Column("reference_end", Double),
    Column("evidence", LargeBinary, nullable=False),
    Column("suppressed_by", _BIG, index=True),  # a review; a foreign key would make a cycle of finding and review
    sqlite_autoincrement=True,
)

review = Table(
    "review",
    metadata,
    _id(),
    _points_at("finding_id", "finding"),
    Column("decision", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("decided", Double, nullable=False),
    _points_at("entity_id", "entity", nullable=True),
    Column("label", Text),
    Column("note", Text, nullable=False),
    Column("undone", Double),
    sqlite_autoincrement=True,
)

seen_file = Table(
    "seen_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size", _BIG, nullable=False),
    Column("mtime_ns", _BIG, nullable=False),
    Column("digest", Text, nullable=False, index=True),
)

purge = Table(  # purged references; a restore purges them again
    "purge",
    metadata,
    Column("reference_id", _BIG, primary_key=True, autoincrement=False),
    Column("purged", Double, nullable=False),
    Column("finished", Double),  # time at which no file of the home held the reference any more
)


def _unique_while_living(table: Table, *names: str) -> None:
    living = table.c.removed_revision.is_(None)
    name = "_".join(("uq", table.name, *names))
    columns = [table.c[each] for each in names]
    Index(name, *columns, unique=True, sqlite_where=living, postgresql_where=living)


_unique_while_living(gallery, "name")
_unique_while_living(entity, "gallery_id", "name")
_unique_while_living(reference, "gallery_id", "digest")
Index("ix_reference_gallery_id_name", reference.c.gallery_id, reference.c.name)
Index("ix_reference_entity_id", reference.c.entity_id)
Index("uq_background_digest", background.c.digest, unique=True)
Index("ix_finding_upload_id", finding.c.upload_id)
Index("ix_finding_reference_id", finding.c.reference_id)
Index("ix_review_finding_id", review.c.finding_id)
Index("ix_review_entity_id", review.c.entity_id)
Index("ix_relation_other_id", relation.c.other_id)
Index("ix_background_score_reference_id", background_score.c.reference_id)
