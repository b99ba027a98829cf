"""Reviews: decisions of people about findings; a review can be undone.

A rejection keeps descriptors of the rejected upload as blobs of the review, so that near-exact copies of the upload
can be recognised. Undoing the review deletes the descriptors.
"""

import time
from collections.abc import Iterable, Mapping
from operator import index
from typing import Any, SupportsIndex

from sqlalchemy import Connection, insert, select, update

from lynkeus.catalog.blobs import delete_blobs, insert_blobs
from lynkeus.catalog.lookup import chunks, hold, numbers, storable
from lynkeus.catalog.rows import Owner
from lynkeus.catalog.schema import entity, finding, gallery, review, upload
from lynkeus.catalog.store import Store
from lynkeus.catalog.upload_rows import Decision, Rejection, Review
from lynkeus.core import ConflictError, UnknownNameError


class Reviews:
    """The catalog's reviews."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        finding_id: SupportsIndex,
        decision: Decision,
        who: str,
        *,
        entity_id: SupportsIndex | None = None,
        label: str | None = None,
        note: str = "",
        blobs: Mapping[str, bytes] | None = None,
    ) -> Review:
        """Store a decision.

        Args:
            finding_id: Number of the finding.
            decision: The decision.
            who: Who decided.
            entity_id: For a relabel: number of the right entity, of any gallery.
            label: For a relabel: name of the right entity, when the catalog does not have the entity.
            note: Free text.
            blobs: Descriptors of the rejected upload.

        Raises:
            ConflictError: The finding has a review in force (undo that review first), or ``entity_id`` and ``label``
                are both given.
            UnknownNameError: There is no such finding, or no such living entity.
        """
        if entity_id is not None and label is not None:
            raise ConflictError("give an entity_id or a label, not both")
        with self._store.append() as connection:
            decided_on = select(finding.c.id).where(finding.c.id == index(finding_id))
            if connection.execute(decided_on.with_for_update()).first() is None:
                raise UnknownNameError(f"no finding {finding_id}")
            right = None if entity_id is None else index(entity_id)
            if right is not None and not hold(connection, entity, [right], entity.c.removed_revision.is_(None)):
                raise UnknownNameError(f"no entity {right}")
            standing = select(review.c.id).where(review.c.finding_id == index(finding_id), review.c.undone.is_(None))
            last = connection.execute(standing).scalar()
            if last is not None:
                raise ConflictError(f"finding {finding_id} already has review {last}: undo that review first")
            values = {
                "finding_id": index(finding_id),
                "decision": decision.value,
                "who": storable(who),
                "decided": time.time(),
                "entity_id": right,
                "label": None if label is None else storable(label),
                "note": storable(note),
            }
            number = connection.execute(insert(review).values(values).returning(review.c.id)).scalar_one()
            insert_blobs(connection, Owner.REVIEW, {number: blobs or {}})
            return _get(connection, number)

    def undo(self, number: SupportsIndex) -> Review:
        """Undo a review: findings that the review suppressed count again, and the review's blobs are deleted.

        Raises:
            ConflictError: The review was already undone.
            UnknownNameError: There is no such review.
        """
        with self._store.append() as connection:
            standing = update(review).where(review.c.id == index(number), review.c.undone.is_(None))
            if not connection.execute(standing.values(undone=time.time())).rowcount:
                raise ConflictError(f"review {_get(connection, number).id} was already undone")
            silenced = update(finding).where(finding.c.suppressed_by == index(number))
            connection.execute(silenced.values(suppressed_by=None))
            delete_blobs(connection, Owner.REVIEW, [index(number)])
            return _get(connection, number)

    def get(self, number: SupportsIndex) -> Review:
        """The review of this number.

        Raises:
            UnknownNameError: There is no such review.
        """
        with self._store.read() as connection:
            return _get(connection, number)

    def of(self, finding_ids: Iterable[SupportsIndex]) -> dict[int, list[Review]]:
        """The reviews of each finding, oldest first, undone reviews included; findings without reviews are left out."""
        found: dict[int, list[Review]] = {}
        with self._store.read() as connection:
            for part in chunks(numbers(finding_ids)):
                query = select(review).where(review.c.finding_id.in_(part)).order_by(review.c.id)
                for row in connection.execute(query).mappings():
                    found.setdefault(row["finding_id"], []).append(_review(row))
        return found

    def rejections(self, reference_ids: Iterable[SupportsIndex]) -> list[Rejection]:
        """The rejections in force of findings of the references, by ascending review."""
        found: list[Rejection] = []
        with self._store.read() as connection:
            for part in chunks(numbers(reference_ids)):
                query = (
                    select(
                        review.c.id.label("review_id"),
                        review.c.finding_id,
                        finding.c.upload_id,
                        upload.c.digest.label("upload_digest"),
                        finding.c.reference_id,
                        gallery.c.kind,
                    )
                    .join(finding, finding.c.id == review.c.finding_id)
                    .join(upload, upload.c.id == finding.c.upload_id)
                    .join(gallery, gallery.c.id == finding.c.gallery_id)
                    .where(
                        finding.c.reference_id.in_(part),
                        review.c.decision == Decision.REJECT.value,
                        review.c.undone.is_(None),
                    )
                )
                found += [Rejection(**row) for row in connection.execute(query).mappings()]
        return sorted(found, key=lambda each: each.review_id)


def _get(connection: Connection, number: SupportsIndex) -> Review:
    query = select(review).where(review.c.id == index(number))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownNameError(f"no review {number}")
    return _review(row)


def _review(row: Mapping[Any, Any]) -> Review:
    return Review(
        id=row["id"],
        finding_id=row["finding_id"],
        decision=Decision(row["decision"]),
        who=row["who"],
        when=row["decided"],
        entity_id=row["entity_id"],
        label=row["label"],
        note=row["note"],
        undone=row["undone"],
    )
