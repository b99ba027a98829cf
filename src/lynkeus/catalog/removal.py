"""Taking references out: tombstones, forgotten bytes, and purges that stay purged.

A removal deletes a reference's blobs and keeps its row as a tombstone, for the findings that point at it.
A purge also blanks every text that tells of the reference, and of its entity when that was its last one,
and notes the number in the table ``purge``, which a restore reads to purge it again.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from lynkeus.catalog.blobs import delete_blobs
from lynkeus.catalog.lookup import chunks
from lynkeus.catalog.parts import sweep
from lynkeus.catalog.rows import Owner, Removal
from lynkeus.catalog.schema import background_score, entity, finding, purge, reference, review, seen_file
from lynkeus.catalog.store import Store, Writing

SET_ASIDE = ".before-restore"


def remove_references(writing: Writing, ids: Sequence[int], *, blank: bool) -> Removal:
    """Remove references inside a transaction.

    Args:
        writing: The transaction.
        ids: References that exist; tombstones among them are purged if ``blank``, else left alone.
        blank: Purge them.
    """
    taken: list[int] = []
    blobs = 0
    for part in chunks(ids):
        living = select(reference.c.id).where(reference.c.id.in_(part), reference.c.removed_revision.is_(None))
        removed = list(writing.connection.execute(living.order_by(reference.c.id)).scalars())
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
    """After the commit of a purge, empty the write-ahead log and complete the receipt."""
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


def blank_unshown_entities(writing: Writing, ids: Sequence[int]) -> None:
    """Purge those of some entities that no living reference shows: their texts, and those that name them."""
    for part in chunks(ids):
        shown = select(reference.c.entity_id).where(
            reference.c.entity_id.in_(part), reference.c.removed_revision.is_(None)
        )
        unshown = select(entity).where(entity.c.id.in_(part), entity.c.id.not_in(shown), entity.c.name != "")
        for row in writing.connection.execute(unshown).all():
            gone = row.removed_revision or writing.raise_revision()
            blanks = {
                "name": "",
                "aliases": "[]",
                "attributes": "{}",
                "links": "{}",
                "removed_revision": gone,
            }
            writing.connection.execute(update(entity).where(entity.c.id == row.id).values(blanks))
            _forget_name(writing.connection, row.gallery_id, row.name)


def _blank_references(writing: Writing, ids: Sequence[int]) -> None:
    connection = writing.connection
    rows = connection.execute(
        select(reference.c.id, reference.c.digest, reference.c.entity_id).where(reference.c.id.in_(ids))
    ).all()
    digests = [row.digest for row in rows if row.digest]
    connection.execute(delete(seen_file).where(seen_file.c.digest.in_(digests)))
    blanks = {"name": "", "source": "", "digest": "", "width": 0, "height": 0}
    connection.execute(update(reference).where(reference.c.id.in_(ids)).values(blanks))
    shown = select(finding.c.id).where(finding.c.reference_id.in_(ids))
    connection.execute(update(review).where(review.c.finding_id.in_(shown)).values(label=None, note=""))
    connection.execute(update(finding).where(finding.c.reference_id.in_(ids)).values(evidence=b""))
    note_purged(connection, [row.id for row in rows])
    blank_unshown_entities(writing, sorted({row.entity_id for row in rows}))


def note_purged(connection: Connection, ids: Sequence[int]) -> None:
    """Note that the content of these references must stay gone."""
    for part in chunks(ids):
        noted = set(connection.execute(select(purge.c.reference_id).where(purge.c.reference_id.in_(part))).scalars())
        new = [{"reference_id": number, "purged": time.time()} for number in part if number not in noted]
        if new:
            connection.execute(insert(purge), new)


def _forget_name(connection: Connection, of: int, name: str) -> None:
    connection.execute(update(review).where(review.c.label == name).values(label=None))
    linked = select(entity.c.id, entity.c.links).where(entity.c.gallery_id == of, entity.c.links != "{}")
    for other in connection.execute(linked).all():
        without = json.dumps(_without(json.loads(other.links), name), ensure_ascii=False)
        if without != other.links:
            connection.execute(update(entity).where(entity.c.id == other.id).values(links=without))


def _without(links: dict[str, Any], name: str) -> dict[str, Any]:
    """The links but for those to one name."""
    kept = {
        relation: [each for each in names if each != name] if isinstance(names, list) else names
        for relation, names in links.items()
    }
    return {relation: names for relation, names in kept.items() if names not in (name, [])}
