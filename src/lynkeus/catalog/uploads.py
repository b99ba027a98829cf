"""Scanned uploads, with their findings. Nothing here raises the revision.

Blobs of an upload are kept until a stated time.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import Any, SupportsIndex

from sqlalchemy import Connection, Select, delete, insert, select, update

from lynkeus.catalog.blobs import delete_blobs, insert_blobs
from lynkeus.catalog.lookup import chunks, gallery_id, hold, numbers, put_rows, storable
from lynkeus.catalog.removal import WITHOUT_EVIDENCE
from lynkeus.catalog.rows import Owner
from lynkeus.catalog.schema import entity, finding, gallery, purge, reference, review, upload, upload_score
from lynkeus.catalog.store import Store
from lynkeus.catalog.upload_rows import NewFinding, NewUpload, StoredFinding, Upload
from lynkeus.core import Action, ConflictError, UnknownNameError, Verdict
from lynkeus.core.media import Medium

_FINDING = (
    finding.c.id,
    finding.c.upload_id,
    gallery.c.name.label("gallery"),
    finding.c.reference_id,
    reference.c.name.label("reference"),
    entity.c.name.label("entity"),
    gallery.c.kind,
    finding.c.score,
    finding.c.rate,
    finding.c.rate_upper,
    finding.c.action,
    finding.c.region,
    finding.c.start,
    finding.c.end,
    finding.c.reference_region,
    finding.c.reference_start,
    finding.c.reference_end,
    finding.c.evidence,
    finding.c.suppressed_by,
)


class Uploads:
    """The catalog's uploads and findings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, batch: Sequence[NewUpload]) -> list[int]:
        """Store all uploads of a batch with their findings and scores, or none on an error.

        A finding whose reference was purged meanwhile is stored without evidence, regions and times.

        Args:
            batch: The uploads; an upload scanned twice is stored twice.

        Returns:
            The ids, in the order of the batch.

        Raises:
            ConflictError: An upload has blobs but no ``kept_until``.
            UnknownNameError: The gallery of a finding or score does not exist, or the reference of a finding.
        """
        if any(each.blobs and each.kept_until is None for each in batch):
            raise ConflictError("an upload with blobs needs a time until which they are kept: set kept_until")
        if not batch:
            return []
        with self._store.append() as connection:
            rows = [_upload_row(each) for each in batch]
            made = insert(upload).returning(upload.c.id, sort_by_parameter_order=True)
            ids = list(connection.execute(made, rows).scalars())
            insert_blobs(
                connection,
                Owner.UPLOAD,
                {number: each.blobs for number, each in zip(ids, batch, strict=True)},
            )
            names = {name for new in batch for name in (*new.scores, *(each.gallery for each in new.findings))}
            galleries = {name: gallery_id(connection, name) for name in sorted(names)}
            found = [(number, each) for number, new in zip(ids, batch, strict=True) for each in new.findings]
            _insert_findings(connection, found, galleries)
            scores = [
                {
                    "upload_id": number,
                    "gallery_id": galleries[name],
                    "score": None if score is None else float(score),
                    "revision": int(new.scan_revision),
                }
                for number, new in zip(ids, batch, strict=True)
                for name, score in new.scores.items()
            ]
            if scores:
                connection.execute(insert(upload_score), scores)
        return ids

    def get(self, number: SupportsIndex) -> Upload:
        """The upload of this number.

        Raises:
            UnknownNameError: There is no such upload.
        """
        with self._store.read() as connection:
            query = select(upload).where(upload.c.id == index(number))
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownNameError(f"no upload {number}")
        return _upload(row)

    def page(
        self,
        *,
        verdict: Verdict | None = None,
        digest: str | None = None,
        path: str | None = None,
        caller_id: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Upload]:
        """A page of uploads, by ascending id.

        Args:
            verdict: Only uploads with this verdict.
            digest: Only uploads with these bytes.
            path: Only uploads of this path.
            caller_id: Only uploads with this id of the caller.
            after: The last id of the previous page.
            limit: Most uploads of the page.
        """
        query = select(upload).where(upload.c.id > after).order_by(upload.c.id).limit(limit)
        if verdict is not None:
            query = query.where(upload.c.verdict == verdict.value)
        if digest is not None:
            query = query.where(upload.c.digest == digest)
        if path is not None:
            query = query.where(upload.c.path == storable(path))
        if caller_id is not None:
            query = query.where(upload.c.caller_id == storable(caller_id))
        with self._store.read() as connection:
            return [_upload(row) for row in connection.execute(query).mappings()]

    def finding(self, number: SupportsIndex) -> StoredFinding:
        """The finding of this number.

        Raises:
            UnknownNameError: There is no such finding.
        """
        with self._store.read() as connection:
            query = _findings().where(finding.c.id == index(number))
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownNameError(f"no finding {number}")
        return _finding(row)

    def findings(self, upload_ids: Iterable[SupportsIndex]) -> dict[int, list[StoredFinding]]:
        """The findings of each upload, best score first; an upload without findings has an empty list."""
        wanted = numbers(upload_ids)
        found: dict[int, list[StoredFinding]] = {number: [] for number in wanted}
        with self._store.read() as connection:
            for part in chunks(wanted):
                query = _findings().where(finding.c.upload_id.in_(part))
                best_first = query.order_by(finding.c.score.desc(), finding.c.id)
                for row in connection.execute(best_first).mappings():
                    found[row["upload_id"]].append(_finding(row))
        return found

    def scores(self, upload_ids: Iterable[SupportsIndex]) -> dict[int, dict[str, float]]:
        """The best score of each upload in each living gallery, by upload id and name of the gallery."""
        wanted = numbers(upload_ids)
        found: dict[int, dict[str, float]] = {number: {} for number in wanted}
        with self._store.read() as connection:
            for part in chunks(wanted):
                query = (
                    select(upload_score.c.upload_id, gallery.c.name, upload_score.c.score)
                    .join(gallery, gallery.c.id == upload_score.c.gallery_id)
                    .where(upload_score.c.upload_id.in_(part), gallery.c.removed_revision.is_(None))
                    .where(upload_score.c.score.is_not(None))
                )
                for row in connection.execute(query):
                    found[row.upload_id][row.name] = row.score
        return found

    def compared(self, upload_ids: Iterable[SupportsIndex]) -> dict[int, dict[int, int]]:
        """The revision up to which each upload was compared with each gallery: upload id to gallery id to revision."""
        wanted = numbers(upload_ids)
        found: dict[int, dict[int, int]] = {number: {} for number in wanted}
        columns = (upload_score.c.upload_id, upload_score.c.gallery_id, upload_score.c.revision)
        with self._store.read() as connection:
            for part in chunks(wanted):
                for row in connection.execute(select(*columns).where(upload_score.c.upload_id.in_(part))):
                    found[row.upload_id][row.gallery_id] = row.revision
        return found

    def compare(self, number: SupportsIndex, revisions: Mapping[int, int]) -> None:
        """Record that an upload was compared with more references, and that nothing was found.

        Args:
            number: Number of the upload; an upload that was removed meanwhile is skipped.
            revisions: Gallery id to the revision up to which the upload is compared now; unknown galleries are skipped.
                A recorded revision is never lowered.
        """
        with self._store.append() as connection:
            if not hold(connection, upload, [index(number)]):
                return
            there = hold(connection, gallery, revisions)
            table, wanted = upload_score, {key: int(revisions[key]) for key in sorted(there)}
            rows = [
                {"upload_id": index(number), "gallery_id": key, "score": None, "revision": revision}
                for key, revision in wanted.items()
            ]
            put_rows(connection, table, rows, replace=False)
            for key, revision in wanted.items():
                row = table.c.upload_id == index(number), table.c.gallery_id == key, table.c.revision < revision
                connection.execute(update(table).where(*row).values(revision=revision))

    def queue(self, gallery: str | None = None, *, after: int = 0, limit: int = 100) -> list[StoredFinding]:
        """Findings that wait for a review, oldest first: not clear, not suppressed, not reviewed.

        Args:
            gallery: Only findings of this gallery.
            after: The last id of the previous page.
            limit: Most findings of the page.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        decided = select(review.c.id).where(review.c.finding_id == finding.c.id, review.c.undone.is_(None))
        query = _findings().where(
            finding.c.action != Action.CLEAR.value,
            finding.c.suppressed_by.is_(None),
            ~decided.exists(),
            finding.c.id > after,
        )
        with self._store.read() as connection:
            if gallery is not None:
                query = query.where(finding.c.gallery_id == gallery_id(connection, gallery))
            query = query.order_by(finding.c.id).limit(limit)
            return [_finding(row) for row in connection.execute(query).mappings()]

    def set_verdict(self, number: SupportsIndex, verdict: Verdict) -> None:
        """Change the verdict of an upload, such as after a review.

        Raises:
            UnknownNameError: There is no such upload.
        """
        with self._store.append() as connection:
            _change(connection, number, verdict=verdict.value)

    def keep(self, number: SupportsIndex, blobs: Mapping[str, bytes], until: float) -> None:
        """Replace the blobs of an upload and keep the new blobs until a stated time.

        Args:
            number: Number of the upload.
            blobs: Name to bytes.
            until: Time after which ``expire`` deletes the blobs, Unix seconds.

        Raises:
            UnknownNameError: There is no such upload.
        """
        with self._store.append() as connection:
            _change(connection, number, kept_until=float(until))
            delete_blobs(connection, Owner.UPLOAD, [index(number)])
            insert_blobs(connection, Owner.UPLOAD, {index(number): blobs})

    def expire(self, now: float | None = None) -> int:
        """Delete the blobs of uploads whose ``kept_until`` is over. Gives the number of these uploads.

        Args:
            now: Unix seconds; None reads the clock.
        """
        day = time.time() if now is None else float(now)
        with self._store.append() as connection:
            over = update(upload).where(upload.c.kept_until <= day).values(kept_until=None)
            ids = list(connection.execute(over.returning(upload.c.id)).scalars())
            delete_blobs(connection, Owner.UPLOAD, ids)
        return len(ids)

    def remove(self, ids: Iterable[SupportsIndex]) -> None:
        """Delete uploads with their blobs, findings, scores and reviews; unknown numbers are skipped."""
        with self._store.append() as connection:
            for part in chunks(numbers(ids)):
                held = select(finding.c.id).where(finding.c.upload_id.in_(part)).order_by(finding.c.id)
                found = list(connection.execute(held.with_for_update()).scalars())
                for some in chunks(found):
                    decided = select(review.c.id).where(review.c.finding_id.in_(some))
                    reviews = list(connection.execute(decided).scalars())
                    free = update(finding).where(finding.c.suppressed_by.in_(reviews))
                    connection.execute(free.values(suppressed_by=None))
                    delete_blobs(connection, Owner.REVIEW, reviews)
                    connection.execute(delete(review).where(review.c.finding_id.in_(some)))
                delete_blobs(connection, Owner.UPLOAD, part)
                connection.execute(delete(finding).where(finding.c.upload_id.in_(part)))
                connection.execute(delete(upload_score).where(upload_score.c.upload_id.in_(part)))
                connection.execute(delete(upload).where(upload.c.id.in_(part)))


def _upload_row(new: NewUpload) -> dict[str, Any]:
    return {
        "path": storable(new.path),
        "digest": new.digest,
        "caller_id": None if new.caller_id is None else storable(new.caller_id),
        "medium": new.medium.value,
        "width": new.width,
        "height": new.height,
        "seconds": new.seconds,
        "scanned": time.time() if new.scanned is None else float(new.scanned),
        "verdict": new.verdict.value,
        "error": None if new.error is None else storable(new.error),
        "kept_until": new.kept_until if new.blobs else None,
        "scan_revision": int(new.scan_revision),
    }


def _insert_findings(
    connection: Connection, found: Sequence[tuple[int, NewFinding]], galleries: Mapping[str, int]
) -> None:
    if not found:
        return
    there = hold(connection, reference, (each.reference_id for _, each in found))
    purged: set[int] = set()
    for part in chunks(sorted(there)):
        purged.update(connection.execute(select(purge.c.reference_id).where(purge.c.reference_id.in_(part))).scalars())
    missing = [each.reference_id for _, each in found if int(each.reference_id) not in there]
    if missing:
        raise UnknownNameError(f"no reference {missing[0]}; nothing was stored")
    rows = [
        {
            "upload_id": number,
            "gallery_id": galleries[each.gallery],
            "reference_id": int(each.reference_id),
            "score": float(each.score),
            "rate": None if each.rate is None else float(each.rate),
            "rate_upper": None if each.rate_upper is None else float(each.rate_upper),
            "action": each.action.value,
            "region": each.region,
            "start": each.start,
            "end": each.end,
            "reference_region": each.reference_region,
            "reference_start": each.reference_start,
            "reference_end": each.reference_end,
            "evidence": each.evidence,
            "suppressed_by": each.suppressed_by,
            **(WITHOUT_EVIDENCE if int(each.reference_id) in purged else {}),
        }
        for number, each in found
    ]
    connection.execute(insert(finding), rows)


def _change(connection: Connection, number: SupportsIndex, **values: Any) -> None:
    changed = connection.execute(update(upload).where(upload.c.id == index(number)).values(values))
    if not changed.rowcount:
        raise UnknownNameError(f"no upload {number}")


def _findings() -> Select:
    return (
        select(*_FINDING)
        .join(reference, reference.c.id == finding.c.reference_id)
        .join(entity, entity.c.id == reference.c.entity_id)
        .join(gallery, gallery.c.id == finding.c.gallery_id)
    )


def _upload(row: Mapping[Any, Any]) -> Upload:
    values: dict[str, Any] = {**row, "verdict": Verdict(row["verdict"]), "medium": Medium(row["medium"])}
    return Upload(**values)


def _finding(row: Mapping[Any, Any]) -> StoredFinding:
    values: dict[str, Any] = {**row, "action": Action(row["action"])}
    return StoredFinding(**values)
