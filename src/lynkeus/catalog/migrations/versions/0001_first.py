"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "background",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("added_revision", BIG, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("background", schema=None) as batch_op:
        batch_op.create_index("uq_background_digest", ["digest"], unique=True)

    op.create_table(
        "blob",
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("owner_id", BIG, autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "owner_id", "part", name=op.f("pk_blob")),
    )
    op.create_table(
        "gallery",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("log_only", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("removed_revision", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("gallery", schema=None) as batch_op:
        batch_op.create_index(
            "uq_gallery_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("removed_revision IS NULL"),
            postgresql_where=sa.text("removed_revision IS NULL"),
        )

    op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("database_id", sa.String(length=36), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("backgrounds_revision", BIG, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meta")),
    )
    op.create_table(
        "purge",
        sa.Column("reference_id", BIG, autoincrement=False, nullable=False),
        sa.Column("purged", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("reference_id", name=op.f("pk_purge")),
    )
    op.create_table(
        "seen_file",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("mtime_ns", BIG, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_seen_file")),
    )
    with op.batch_alter_table("seen_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_file_digest"), ["digest"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("scanned", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("kept_until", sa.Double(), nullable=True),
        sa.Column("scan_revision", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_kept_until"), ["kept_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_path"), ["path"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_verdict"), ["verdict"], unique=False)

    op.create_table(
        "calibration",
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name=op.f("fk_calibration_gallery_id")),
        sa.PrimaryKeyConstraint("gallery_id", "kind", name=op.f("pk_calibration")),
    )
    op.create_table(
        "entity",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("removed_revision", BIG, nullable=True),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name=op.f("fk_entity_gallery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("entity", schema=None) as batch_op:
        batch_op.create_index(
            "uq_entity_gallery_id_kind_name",
            ["gallery_id", "kind", "name"],
            unique=True,
            sqlite_where=sa.text("removed_revision IS NULL"),
            postgresql_where=sa.text("removed_revision IS NULL"),
        )

    op.create_table(
        "reference",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("entity_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("added_revision", BIG, nullable=False),
        sa.Column("removed_revision", BIG, nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_reference_entity_id")),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name=op.f("fk_reference_gallery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reference_added_revision"), ["added_revision"], unique=False)
        batch_op.create_index("ix_reference_entity_id", ["entity_id"], unique=False)
        batch_op.create_index("ix_reference_gallery_id_name", ["gallery_id", "name"], unique=False)
        batch_op.create_index(batch_op.f("ix_reference_removed_revision"), ["removed_revision"], unique=False)
        batch_op.create_index(
            "uq_reference_gallery_id_digest",
            ["gallery_id", "digest"],
            unique=True,
            sqlite_where=sa.text("removed_revision IS NULL"),
            postgresql_where=sa.text("removed_revision IS NULL"),
        )

    op.create_table(
        "background_score",
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("background_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("up_to_revision", BIG, nullable=False),
        sa.Column("reference_id", BIG, nullable=True),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["background_id"], ["background.id"], name=op.f("fk_background_score_background_id")
        ),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name=op.f("fk_background_score_gallery_id")),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["reference.id"], name=op.f("fk_background_score_reference_id")
        ),
        sa.PrimaryKeyConstraint("gallery_id", "background_id", "kind", name=op.f("pk_background_score")),
    )
    with op.batch_alter_table("background_score", schema=None) as batch_op:
        batch_op.create_index("ix_background_score_reference_id", ["reference_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("upload_id", BIG, nullable=False),
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("reference_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("rate_upper", sa.Double(), nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("suppressed_by", BIG, nullable=True),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name=op.f("fk_finding_gallery_id")),
        sa.ForeignKeyConstraint(["reference_id"], ["reference.id"], name=op.f("fk_finding_reference_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_finding_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_action"), ["action"], unique=False)
        batch_op.create_index("ix_finding_reference_id", ["reference_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_suppressed_by"), ["suppressed_by"], unique=False)
        batch_op.create_index("ix_finding_upload_id", ["upload_id"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("finding_id", BIG, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("decided", sa.Double(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("undone", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_review_finding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("ix_review_finding_id", ["finding_id"], unique=False)
