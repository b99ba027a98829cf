"""Remove and purge references.

A removal deletes the blobs of a reference and keeps its row as a tombstone, because findings point at the row.
A purge also blanks every text about the reference, and about the entity when no other reference shows the entity. A
purge records the number of the reference in the table ``purge``; a restore reads this table and repeats the purge. A
purge is pending until every other file of the home is cleaned as well (``purges``).
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, insert, or_, select, update

from lynkeus.catalog.blobs import delete_blobs
from lynkeus.catalog.lookup import chunks
from lynkeus.catalog.parts import sweep
from lynkeus.catalog.rows import Owner, Removal
from lynkeus.catalog.schema import (
    background_score,
    entity,
    finding,
    purge,
    reference,
    relation,
    review,
    seen_file,
    upload,
)
from lynkeus.catalog.store import Store, Writing

SET_ASIDE = ".before-restore"
WITHOUT_EVIDENCE: Mapping[str, bytes | str | float | None] = {
    "evidence": b"",
    **dict.fromkeys(("region", "start", "end", "reference_region", "reference_start", "reference_end")),
}
"""The values that replace evidence, regions and times of a finding whose reference was purged."""


def remove_references(writing: Writing, ids: Sequence[int], *, blank: bool) -> Removal:
    """Remove references inside a transaction.

    Args:
        writing: The transaction.
        ids: Existing references. ``blank`` purges tombstones among them; otherwise tombstones stay unchanged.
        blank: Purge the references.
    """
    taken: list[int] = []
    blobs = 0
    for part in chunks(ids):
        query = select(reference.c.id, reference.c.removed_revision).where(reference.c.id.in_(part))
        held = writing.connection.execute(query.order_by(reference.c.id).with_for_update())
        removed = [row.id for row in held if row.removed_revision is None]
        if removed:
            revision = writing.raise_revision()
            gone = update(reference).where(reference.c.id.in_(removed))
            writing.connection.execute(gone.values(removed_revision=revision))
            blobs += delete_blobs(writing.connection, Owner.REFERENCE, removed)
            scored = background_score.c.reference_id.in_(removed)
            writing.connection.execute(delete(background_score).where(scored))
        if blank:
            _blank_references(writing, part)
        taken += part if blank else removed
    if blank and taken:
        writing.raise_revision()
    return Removal(ids=tuple(taken), blobs=blobs, revision=writing.current, purged=blank)


def finish(store: Store, receipt: Removal) -> Removal:
    """Empty the write-ahead log after the commit of a purge, and complete the receipt."""
    if not receipt.purged or not store.is_sqlite:
        return receipt
    path = Path(store.where)
    sweep(path)
    copies = sorted(str(each) for each in path.parent.glob(f"{path.name}{SET_ASIDE}*"))
    return Removal(
        ids=receipt.ids,
        blobs=receipt.blobs,
        revision=receipt.revision,
        purged=True,
        wal_truncated=store.truncate_log(),
        kept_copies=tuple(copies),
    )


def remove_entities(writing: Writing, ids: Sequence[int]) -> None:
    """Remove entities and all relations from and to them, inside a transaction; skip entities removed earlier."""
    revision = writing.raise_revision()
    for part in chunks(ids):
        gone = update(entity).where(entity.c.id.in_(part), entity.c.removed_revision.is_(None))
        writing.connection.execute(gone.values(removed_revision=revision))
        related = or_(relation.c.entity_id.in_(part), relation.c.other_id.in_(part))
        writing.connection.execute(delete(relation).where(related))


def blank_unshown_entities(writing: Writing, ids: Sequence[int]) -> None:
    """Purge the entities that no living reference shows: blank their texts, and clear the reviews that name them."""
    connection = writing.connection
    for part in chunks(ids):
        shown = select(reference.c.entity_id).where(
            reference.c.entity_id.in_(part), reference.c.removed_revision.is_(None)
        )
        unshown = select(entity).where(entity.c.id.in_(part), entity.c.id.not_in(shown), entity.c.name != "")
        rows = connection.execute(unshown).all()
        if not rows:
            continue
        remove_entities(writing, [row.id for row in rows])
        for row in rows:
            blanks = {"name": "", "aliases": "[]", "attributes": "{}"}
            connection.execute(update(entity).where(entity.c.id == row.id).values(blanks))
            _forget_entity(connection, row.id, row.gallery_id, row.name)


def _forget_entity(connection: Connection, number: int, gallery_id: int, name: str) -> None:
    """Clear the reviews that name an entity by number, or by its name for a finding in its gallery."""
    connection.execute(update(review).where(review.c.entity_id == number).values(entity_id=None))
    of_gallery = select(finding.c.id).where(finding.c.gallery_id == gallery_id)
    named = update(review).where(review.c.label == name, review.c.finding_id.in_(of_gallery))
    connection.execute(named.values(label=None))


def _blank_references(writing: Writing, ids: Sequence[int]) -> None:
    connection = writing.connection
    rows = connection.execute(
        select(reference.c.id, reference.c.digest, reference.c.entity_id).where(reference.c.id.in_(ids))
    ).all()
    digests = [row.digest for row in rows if row.digest]
    _forget_uploads(connection, ids, digests)
    connection.execute(delete(seen_file).where(seen_file.c.digest.in_(digests)))
    unknown = dict.fromkeys(("width", "height", "seconds", "region"))
    blanks = {"name": "", "source": "", "digest": "", **unknown}
    connection.execute(update(reference).where(reference.c.id.in_(ids)).values(blanks))
    shown = select(finding.c.id).where(finding.c.reference_id.in_(ids))
    connection.execute(update(review).where(review.c.finding_id.in_(shown)).values(label=None, note=""))
    connection.execute(update(finding).where(finding.c.reference_id.in_(ids)).values(WITHOUT_EVIDENCE))
    note_purged(connection, [row.id for row in rows])
    blank_unshown_entities(writing, sorted({row.entity_id for row in rows}))


def _forget_uploads(connection: Connection, ids: Sequence[int], digests: Sequence[str]) -> None:
    """Delete what is kept of the uploads that show a reference: same bytes, or a finding of the reference."""
    shows = select(finding.c.upload_id).where(finding.c.reference_id.in_(ids))
    kept = select(upload.c.id).where(or_(upload.c.digest.in_(digests), upload.c.id.in_(shows)))
    uploads = list(connection.execute(kept.where(upload.c.kept_until.is_not(None)).order_by(upload.c.id)).scalars())
    for part in chunks(uploads):
        connection.execute(update(upload).where(upload.c.id.in_(part)).values(kept_until=None))
        delete_blobs(connection, Owner.UPLOAD, part)


def note_purged(connection: Connection, ids: Sequence[int]) -> None:
    """Record that these references are purged, so that a restore purges them again."""
    for part in chunks(ids):
        noted = set(connection.execute(select(purge.c.reference_id).where(purge.c.reference_id.in_(part))).scalars())
        new = [{"reference_id": number, "purged": time.time()} for number in part if number not in noted]
        if new:
            connection.execute(insert(purge), new)
