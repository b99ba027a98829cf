"""Backgrounds: pictures known to hold nothing protected, and what was measured against them."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from lynkeus.catalog.blobs import delete_blobs, insert_blobs, insert_missing
from lynkeus.catalog.lookup import chunks, gallery_id, numbers, storable
from lynkeus.catalog.rows import Added, Background, BackgroundScore, Calibration, NewBackground, Owner
from lynkeus.catalog.schema import background, background_score, calibration, reference
from lynkeus.catalog.store import Store
from lynkeus.core import UnknownNameError


class Backgrounds:
    """The catalog's background pictures. Adding and removing raises the revision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, batch: Sequence[NewBackground]) -> list[Added]:
        """Store pictures, all or none; those whose bytes are there already are not stored again.

        Args:
            batch: The pictures.

        Returns:
            One row for each of the batch, in its order.
        """
        table = background
        with self._store.write() as writing:
            connection = writing.connection
            ids: dict[str, int] = {}
            for part in chunks([each.digest for each in batch]):
                query = select(table.c.digest, table.c.id).where(table.c.digest.in_(part))
                ids.update((row.digest, row.id) for row in connection.execute(query))
            fresh = {each.digest: each for each in reversed(batch) if each.digest not in ids}
            new = list(reversed(fresh.values()))
            if new:
                revision = writing.raise_revision(backgrounds=True)
                common = {"added_revision": revision, "created": time.time()}
                rows = [{**common, **_row(each)} for each in new]
                made = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
                ids.update(zip((each.digest for each in new), made.scalars(), strict=True))
                insert_blobs(connection, Owner.BACKGROUND, {ids[each.digest]: each.blobs for each in new})
        first = {id(each) for each in new}
        return [Added(id=ids[each.digest], new=id(each) in first) for each in batch]

    def remove(self, ids: Iterable[SupportsIndex]) -> None:
        """Delete pictures with their blobs and scores.

        Raises:
            UnknownNameError: One does not exist; none is removed then.
        """
        wanted = numbers(ids)
        with self._store.write() as writing:
            removed = 0
            for part in chunks(wanted):
                scored = background_score.c.background_id.in_(part)
                writing.connection.execute(delete(background_score).where(scored))
                gone = delete(background).where(background.c.id.in_(part))
                removed += writing.connection.execute(gone).rowcount
            if removed < len(wanted):
                raise UnknownNameError(f"{len(wanted) - removed} of these backgrounds do not exist; none was removed")
            delete_blobs(writing.connection, Owner.BACKGROUND, wanted)
            if wanted:
                writing.raise_revision(backgrounds=True)

    def keep(self, parts: Mapping[int, Mapping[str, bytes]]) -> None:
        """Store more parts of pictures; those that have such a part already, and removed pictures, are passed over.

        The revision stays: what is stored follows from what is there.

        Args:
            parts: Background id to part to bytes.
        """
        with self._store.write() as writing:
            connection = writing.connection
            alive = _alive(connection, background, {int(number) for number in parts})
            insert_missing(connection, Owner.BACKGROUND, {n: each for n, each in parts.items() if n in alive})

    def all(self) -> list[Background]:
        """All pictures, by ascending id."""
        with self._store.read() as connection:
            rows = connection.execute(select(background).order_by(background.c.id)).mappings()
            return [Background(**row) for row in rows]


class Calibrations:
    """What was fitted for each gallery and kind, and the scores that it was fitted to.

    Nothing here raises the revision: a calibration follows from what the revision counts.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, gallery: str, kind: str) -> Calibration | None:
        """The calibration that was last put, or None.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = calibration
        with self._store.read() as connection:
            number = gallery_id(connection, gallery)
            query = select(table).where(table.c.gallery_id == number, table.c.kind == kind)
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Calibration(gallery=gallery, kind=kind, revision=row.revision, text=row.text)

    def put(self, gallery: str, kind: str, *, revision: int, text: str) -> None:
        """Store a calibration in the place of the last.

        Args:
            gallery: For which.
            kind: The recogniser's kind.
            revision: The state it was fitted to.
            text: Opaque.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = calibration
        with self._store.write() as writing:
            number = gallery_id(writing.connection, gallery)
            last = delete(table).where(table.c.gallery_id == number, table.c.kind == kind)
            writing.connection.execute(last)
            values = {"gallery_id": number, "kind": kind, "revision": int(revision), "text": text}
            writing.connection.execute(insert(table).values(values))

    def scores(self, gallery: str, kind: str) -> dict[int, BackgroundScore]:
        """The scores by background id; those whose best reference was removed are missing.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = background_score
        fields = [column for column in table.c if column.name not in ("gallery_id", "kind")]
        with self._store.read() as connection:
            number = gallery_id(connection, gallery)
            query = select(*fields).where(table.c.gallery_id == number, table.c.kind == kind)
            rows = connection.execute(query.order_by(table.c.background_id)).mappings()
            return {row["background_id"]: BackgroundScore(**row) for row in rows}

    def put_scores(self, gallery: str, kind: str, scores: Sequence[BackgroundScore]) -> None:
        """Store scores, each in the place of that background's last; others stay.

        Backgrounds and best references that were removed meanwhile are passed over.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = background_score
        with self._store.write() as writing:
            connection = writing.connection
            number = gallery_id(connection, gallery)
            best = {int(each.reference_id) for each in scores if each.reference_id is not None}
            alive = _alive(connection, reference, best, reference.c.removed_revision.is_(None)) | {None}
            there = _alive(connection, background, {int(each.background_id) for each in scores})
            rows = [
                {"gallery_id": number, "kind": kind, **_score_row(each)}
                for each in scores
                if int(each.background_id) in there and each.reference_id in alive
            ]
            for part in chunks(sorted({int(each.background_id) for each in scores})):
                old = table.c.background_id.in_(part)
                connection.execute(delete(table).where(table.c.gallery_id == number, table.c.kind == kind, old))
            if rows:
                connection.execute(insert(table), rows)


def _row(new: NewBackground) -> dict[str, Any]:
    return {
        "name": storable(new.name),
        "source": storable(new.source),
        "digest": new.digest,
        "shipped": new.shipped,
    }


def _score_row(score: BackgroundScore) -> dict[str, Any]:
    return {
        "background_id": int(score.background_id),
        "score": float(score.score),
        "up_to_revision": int(score.up_to_revision),
        "reference_id": None if score.reference_id is None else int(score.reference_id),
        "excluded": bool(score.excluded),
        "reason": score.reason,
    }


def _alive(connection: Connection, table: Table, ids: set[int], *conditions: ColumnElement[bool]) -> set[int | None]:
    there: set[int | None] = set()
    for part in chunks(sorted(ids)):
        there.update(connection.execute(select(table.c.id).where(table.c.id.in_(part), *conditions)).scalars())
    return there
