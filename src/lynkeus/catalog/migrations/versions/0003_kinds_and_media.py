"""Only galleries have a kind; adds media, regions, relations, items by maker, and scores of uploads.

This file imports no code of kinds or reports, because that code changes and old catalogs must stay readable.
"""

import json
import struct
from collections import defaultdict
from contextlib import AbstractContextManager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOUBLE = sa.Double()
BATCH = 500  # findings converted at once; a finding takes a few KiB, so the value hardly matters

# The first twelve digits of the models' SHA-256. All released code with schema 1 or 2 shipped these two files.
LOCAL_MAKER = "460a5b1583d6"  # local_codebook.npz
GLOBAL_MAKER = "427fa508653b"  # copy_descriptor.int8.onnx

# The header of a picture's stored local features, format 1: magic, width, height.
HEADER = struct.Struct("<4sII")
MAGIC = b"LKF1"


def upgrade() -> None:
    given = _numbers_given()
    with _rebuilt("gallery") as batch:
        batch.alter_column("kind", existing_type=sa.Text(), existing_nullable=False, server_default=None)
        batch.add_column(sa.Column("retention_days", sa.Integer()))
    _entities()
    _references()
    _blobs()
    _backgrounds()
    _rates()
    _uploads()
    _findings()
    _upload_scores()
    _reviews()
    op.add_column("purge", sa.Column("finished", DOUBLE))
    _keep_numbers(given)


def _rebuilt(table: str) -> AbstractContextManager[BatchOperations]:
    """Collect changes to a table; SQLite rebuilds the table, PostgreSQL changes the table in place."""
    return op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True})


def _run(statement: str, **values: object) -> sa.CursorResult:
    return op.get_bind().execute(sa.text(statement), values)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _numbers_given() -> dict[str, int]:
    """The highest number that each SQLite table has given; a rebuilt table only knows the highest number left."""
    return {row.name: row.seq for row in _run("SELECT name, seq FROM sqlite_sequence")} if _is_sqlite() else {}


def _keep_numbers(given: dict[str, int]) -> None:
    for table, highest in given.items():
        _run("DELETE FROM sqlite_sequence WHERE name = :table", table=table)
        _run("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)", table=table, highest=highest)


def _add_medium(table: str) -> None:
    op.add_column(table, sa.Column("medium", sa.String(16), nullable=False, server_default="picture"))


def _take_default_of_medium(batch: BatchOperations) -> None:
    batch.alter_column("medium", existing_type=sa.String(16), existing_nullable=False, server_default=None)


def _sizes_may_be_unknown(batch: BatchOperations) -> None:
    for side in ("width", "height"):
        batch.alter_column(side, existing_type=sa.Integer(), existing_nullable=False, nullable=True)


def _forget_sizes_of_zero(table: str) -> None:
    _run(f"UPDATE {table} SET width = NULL, height = NULL WHERE width = 0 OR height = 0")


def _entities() -> None:
    _rename_namesakes()
    op.create_table(
        "relation",
        sa.Column("entity_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("other_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name="fk_relation_entity_id"),
        sa.ForeignKeyConstraint(["other_id"], ["entity.id"], name="fk_relation_other_id"),
        sa.PrimaryKeyConstraint("entity_id", "name", "other_id", name="pk_relation"),
    )
    _relate()
    op.create_index("ix_relation_other_id", "relation", ["other_id"])
    op.drop_index("uq_entity_gallery_id_kind_name", "entity")
    with _rebuilt("entity") as batch:
        batch.drop_column("kind")
        batch.drop_column("links")
    op.create_index(
        "uq_entity_gallery_id_name",
        "entity",
        ["gallery_id", "name"],
        unique=True,
        sqlite_where=sa.text("removed_revision IS NULL"),
        postgresql_where=sa.text("removed_revision IS NULL"),
    )


def _rename_namesakes() -> None:
    """Rename entities that share a name in one gallery; the entity of the gallery's kind keeps the name."""
    rows = _run(
        "SELECT e.id, e.gallery_id, e.name, e.kind FROM entity e JOIN gallery g ON g.id = e.gallery_id"
        " WHERE e.removed_revision IS NULL ORDER BY CASE WHEN e.kind = g.kind THEN 0 ELSE 1 END, e.id"
    ).all()
    taken = {(row.gallery_id, row.name) for row in rows}
    namesakes: dict[tuple[int, str], list[sa.Row]] = defaultdict(list)
    for row in rows:
        namesakes[row.gallery_id, row.name].append(row)
    for same in namesakes.values():
        for row in same[1:]:
            name = row.name
            while (row.gallery_id, name) in taken:
                name += f" ({row.kind})"
            taken.add((row.gallery_id, name))
            _run("UPDATE entity SET name = :name WHERE id = :id", name=name, id=row.id)


def _relate() -> None:
    living = "FROM entity WHERE removed_revision IS NULL"
    ids = {(row.gallery_id, row.name): row.id for row in _run(f"SELECT id, gallery_id, name {living}")}
    linked = _run(f"SELECT id, gallery_id, links {living} AND links != '{{}}' ORDER BY id").all()
    for row in linked:
        for relation, names in json.loads(row.links).items():
            told = names if isinstance(names, list) else [names]
            known = (ids.get((row.gallery_id, name)) for name in told if isinstance(name, str))
            for other in dict.fromkeys(number for number in known if number is not None):
                _run(
                    "INSERT INTO relation (entity_id, name, other_id) VALUES (:id, :name, :other)",
                    id=row.id,
                    name=relation,
                    other=other,
                )


def _references() -> None:
    _add_medium("reference")
    with _rebuilt("reference") as batch:
        _take_default_of_medium(batch)
        _sizes_may_be_unknown(batch)
        batch.add_column(sa.Column("seconds", DOUBLE))
        batch.add_column(sa.Column("region", sa.Text()))
    _forget_sizes_of_zero("reference")


def _set_aside(table: str) -> str:
    """Rename a table that nothing points at, and free the name of its primary key. Gives the new name."""
    old = f"{table}_2"
    op.rename_table(table, old)
    if not _is_sqlite():  # on PostgreSQL, names of primary keys are unique in the whole schema
        op.drop_constraint(f"pk_{table}", old, type_="primary")
    return old


def _blobs() -> None:
    old = _set_aside("blob")
    op.create_table(
        "blob",
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("owner_id", BIG, autoincrement=False, nullable=False),
        sa.Column("item", sa.String(32), nullable=False),
        sa.Column("maker", sa.String(12), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "owner_id", "item", "maker", name="pk_blob"),
    )
    _run(
        f"""
        INSERT INTO blob (owner, owner_id, item, maker, bytes)
        SELECT owner, owner_id,
            CASE WHEN part LIKE 'object-%' THEN 'vector' ELSE part END,
            CASE WHEN part LIKE 'object-%' THEN substr(part, {len("object-") + 1})
                WHEN part = 'local' THEN '{LOCAL_MAKER}'
                WHEN part IN ('global', 'frames') THEN '{GLOBAL_MAKER}'
                ELSE '' END,
            bytes
        FROM {old}
        """
    )
    op.drop_table(old)


def _backgrounds() -> None:
    _add_medium("background")
    with _rebuilt("background") as batch:
        _take_default_of_medium(batch)
        batch.add_column(sa.Column("width", sa.Integer()))
        batch.add_column(sa.Column("height", sa.Integer()))
        batch.add_column(sa.Column("seconds", DOUBLE))
    headers = _run(
        f"SELECT owner_id, substr(bytes, 1, {HEADER.size}) AS header FROM blob"
        f" WHERE owner = 'background' AND item = 'local' AND maker = '{LOCAL_MAKER}'"
    ).all()
    for row in headers:
        raw = bytes(row.header)
        if len(raw) == HEADER.size and raw.startswith(MAGIC):
            _, width, height = HEADER.unpack(raw)
            _run("UPDATE background SET width = :w, height = :h WHERE id = :id", w=width, h=height, id=row.owner_id)


def _rates() -> None:
    """Delete scores and calibrations whose kind is not the gallery's kind; no code reads these rows any more."""
    op.drop_index("ix_background_score_reference_id", "background_score")
    old = _set_aside("background_score")
    op.create_table(
        "background_score",
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("background_id", BIG, nullable=False),
        sa.Column("score", DOUBLE, nullable=False),
        sa.Column("up_to_revision", BIG, nullable=False),
        sa.Column("reference_id", BIG, nullable=True),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["background_id"], ["background.id"], name="fk_background_score_background_id"),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name="fk_background_score_gallery_id"),
        sa.ForeignKeyConstraint(["reference_id"], ["reference.id"], name="fk_background_score_reference_id"),
        sa.PrimaryKeyConstraint("gallery_id", "background_id", name="pk_background_score"),
    )
    names = "gallery_id, background_id, score, up_to_revision, reference_id, excluded, reason"
    fits = "kind = (SELECT kind FROM gallery WHERE gallery.id = gallery_id)"
    _run(f"INSERT INTO background_score ({names}) SELECT {names} FROM {old} WHERE {fits}")
    op.drop_table(old)
    op.create_index("ix_background_score_reference_id", "background_score", ["reference_id"])

    old = _set_aside("calibration")
    op.create_table(
        "calibration",
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name="fk_calibration_gallery_id"),
        sa.PrimaryKeyConstraint("gallery_id", "medium", name="pk_calibration"),
    )
    _run(
        "INSERT INTO calibration (gallery_id, medium, revision, text)"
        f" SELECT gallery_id, 'picture', revision, text FROM {old} WHERE {fits}"
    )
    op.drop_table(old)


def _uploads() -> None:
    _add_medium("upload")
    with _rebuilt("upload") as batch:
        _take_default_of_medium(batch)
        _sizes_may_be_unknown(batch)
        batch.add_column(sa.Column("seconds", DOUBLE))
        batch.add_column(sa.Column("caller_id", sa.Text()))
        batch.create_index("ix_upload_caller_id", ["caller_id"])
    _forget_sizes_of_zero("upload")


def _findings() -> None:
    with _rebuilt("finding") as batch:
        batch.drop_column("kind")
        for side in ("", "reference_"):
            batch.add_column(sa.Column(f"{side}region", sa.Text()))
            batch.add_column(sa.Column(f"{side}start", DOUBLE))
            batch.add_column(sa.Column(f"{side}end", DOUBLE))
    after = 0
    page = f"SELECT id, evidence FROM finding WHERE id > :after ORDER BY id LIMIT {BATCH}"
    while rows := _run(page, after=after).all():
        for row in rows:
            _run(
                "UPDATE finding SET evidence = :evidence, region = :region, reference_region = :reference_region"
                " WHERE id = :id",
                id=row.id,
                **_parted(bytes(row.evidence)),
            )
        after = rows[-1].id


def _parted(line: bytes) -> dict[str, object]:
    """Read evidence and regions from the evidence of schema 2: a line of the JSON report, format 1, with one finding.

    A line that cannot be read, or that a purge emptied, gives empty evidence.
    """
    try:
        (finding,) = json.loads(line)["findings"]
        seen = finding["evidence"]
        alignment = None
        if seen["transform"] is not None:
            alignment = {
                "transform": seen["transform"],
                "mirrored": seen["mirrored"],
                "negative": seen["negative"],
                "agreement": seen["agreement"],
                "overlap": seen["overlap"] or 0.0,
            }
        evidence = {
            "alignment": alignment,
            "points": seen["points"] or None,
            "heat": seen.get("heat"),  # lines written before the kind ``object`` have no heat
            "frames": None,
            "track": None,
            "excerpt": None,
            "similarity": seen["cosine"],
            "facts": {},
        }
        return {
            "evidence": _json(evidence).encode(),
            "region": _outline(finding["region"]["pixels"]),
            "reference_region": _outline(finding["reference_region"]),
        }
    except (ValueError, TypeError, KeyError):
        return {"evidence": b"", "region": None, "reference_region": None}


def _outline(corners: list) -> str | None:
    return _json(corners) if corners else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _upload_scores() -> None:
    op.create_table(
        "upload_score",
        sa.Column("upload_id", BIG, nullable=False),
        sa.Column("gallery_id", BIG, nullable=False),
        sa.Column("score", DOUBLE),
        sa.Column("revision", BIG, nullable=False),
        sa.ForeignKeyConstraint(["gallery_id"], ["gallery.id"], name="fk_upload_score_gallery_id"),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name="fk_upload_score_upload_id"),
        sa.PrimaryKeyConstraint("upload_id", "gallery_id", name="pk_upload_score"),
    )
    _run(
        "INSERT INTO upload_score (upload_id, gallery_id, score, revision)"
        " SELECT upload.id, gallery.id, (SELECT max(finding.score) FROM finding"
        " WHERE finding.upload_id = upload.id AND finding.gallery_id = gallery.id), upload.scan_revision"
        " FROM upload CROSS JOIN gallery WHERE gallery.removed_revision IS NULL AND upload.digest <> ''"
    )


def _reviews() -> None:
    with _rebuilt("review") as batch:
        batch.add_column(sa.Column("entity_id", BIG))
        batch.create_foreign_key("fk_review_entity_id", "entity", ["entity_id"], ["id"])
        batch.create_index("ix_review_entity_id", ["entity_id"])
    _run(
        "UPDATE review SET entity_id = (SELECT entity.id FROM entity JOIN finding"
        " ON finding.gallery_id = entity.gallery_id WHERE finding.id = review.finding_id"
        " AND entity.name = review.label AND entity.removed_revision IS NULL) WHERE label IS NOT NULL"
    )
    _run("UPDATE review SET label = NULL WHERE entity_id IS NOT NULL")
