"""Backgrounds: pictures known to hold nothing protected, their scores, and the calibrations fitted to these scores."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from sqlalchemy import Connection, delete, insert, select

from lynkeus.catalog.blobs import delete_blobs, insert_blobs, insert_missing
from lynkeus.catalog.lookup import chunks, gallery_id, hold, numbers, put_rows, storable
from lynkeus.catalog.rows import Added, Background, BackgroundScore, Calibration, NewBackground, Owner
from lynkeus.catalog.schema import background, background_score, calibration, reference
from lynkeus.catalog.schema import gallery as gallery_table
from lynkeus.catalog.store import Store
from lynkeus.core import UnknownNameError
from lynkeus.core.media import Medium


class Backgrounds:
    """The catalog's background pictures. Adding and removing raises the revision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, batch: Sequence[NewBackground]) -> list[Added]:
        """Store all pictures, or none on an error. A picture whose bytes are already stored is not stored again.

        Args:
            batch: The pictures.

        Returns:
            One row per picture, in the order of the batch.
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
            UnknownNameError: A picture does not exist; then no picture is removed.
        """
        wanted = numbers(ids)
        with self._store.write() as writing:
            connection = writing.connection
            there: list[int] = []
            for part in chunks(wanted):
                query = select(background.c.id).where(background.c.id.in_(part)).order_by(background.c.id)
                there += connection.execute(query.with_for_update()).scalars()
            if lacking := len(wanted) - len(there):
                raise UnknownNameError(f"{lacking} of these backgrounds do not exist; none was removed")
            for part in chunks(wanted):
                scored = background_score.c.background_id.in_(part)
                connection.execute(delete(background_score).where(scored))
                connection.execute(delete(background).where(background.c.id.in_(part)))
            delete_blobs(connection, Owner.BACKGROUND, wanted)
            if wanted:
                writing.raise_revision(backgrounds=True)

    def keep(self, parts: Mapping[int, Mapping[str, bytes]]) -> None:
        """Store more items of pictures. Existing items stay as they are; removed pictures are skipped.

        The revision stays the same, because the items are derived from pictures that the revision already counts.

        Args:
            parts: Background id to name to bytes.
        """
        with self._store.append() as connection:
            alive = hold(connection, background, parts)
            insert_missing(connection, Owner.BACKGROUND, {n: each for n, each in parts.items() if n in alive})

    def all(self) -> list[Background]:
        """All pictures, by ascending id."""
        with self._store.read() as connection:
            rows = connection.execute(select(background).order_by(background.c.id)).mappings()
            return [_background(row) for row in rows]


class Calibrations:
    """The calibration of each gallery and medium of upload, and the scores that the calibration was fitted to.

    Nothing here raises the revision: a calibration is derived from pictures that the revision already counts.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, gallery: str, medium: Medium = Medium.PICTURE) -> Calibration | None:
        """The calibration that was stored last, or None.

        Args:
            gallery: Name of the gallery.
            medium: Medium of the uploads.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = calibration
        with self._store.read() as connection:
            number = gallery_id(connection, gallery)
            query = select(table).where(table.c.gallery_id == number, table.c.medium == medium.value)
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Calibration(gallery=gallery, medium=medium, revision=row.revision, text=row.text)

    def put(self, gallery: str, medium: Medium = Medium.PICTURE, *, revision: int, text: str) -> None:
        """Store a calibration and replace the previous one.

        Args:
            gallery: Name of the gallery.
            medium: Medium of the uploads.
            revision: The revision that the calibration was fitted to.
            text: The calibration; opaque to the catalog.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.append() as connection:
            number = _held(connection, gallery)
            values = {"gallery_id": number, "medium": medium.value, "revision": int(revision), "text": text}
            put_rows(connection, calibration, [values], replace=True)

    def start(self, gallery: str, medium: Medium = Medium.PICTURE, *, text: str) -> None:
        """Delete the scores of a gallery and store a calibration that covers nothing yet, in one transaction.

        Args:
            gallery: Name of the gallery.
            medium: The medium of the uploads.
            text: Opaque.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.append() as connection:
            number = _held(connection, gallery)
            connection.execute(delete(background_score).where(background_score.c.gallery_id == number))
            values = {"gallery_id": number, "medium": medium.value, "revision": 0, "text": text}
            put_rows(connection, calibration, [values], replace=True)

    def scores(self, gallery: str) -> dict[int, BackgroundScore]:
        """The scores by background id. A score whose best reference was removed is missing.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = background_score
        fields = [column for column in table.c if column.name != "gallery_id"]
        with self._store.read() as connection:
            number = gallery_id(connection, gallery)
            query = select(*fields).where(table.c.gallery_id == number)
            rows = connection.execute(query.order_by(table.c.background_id)).mappings()
            return {row["background_id"]: BackgroundScore(**row) for row in rows}

    def put_scores(self, gallery: str, scores: Sequence[BackgroundScore]) -> None:
        """Store scores. Each score replaces the previous score of its background; other backgrounds keep their scores.

        A score whose background or best reference was removed meanwhile is skipped.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        table = background_score
        with self._store.append() as connection:
            number = _held(connection, gallery)
            best = {int(each.reference_id) for each in scores if each.reference_id is not None}
            alive = hold(connection, reference, best, reference.c.removed_revision.is_(None))
            there = hold(connection, background, {int(each.background_id) for each in scores})
            rows = {
                int(each.background_id): {"gallery_id": number, **_score_row(each)}
                for each in scores
                if int(each.background_id) in there and (each.reference_id is None or int(each.reference_id) in alive)
            }
            for part in chunks(sorted(there - rows.keys())):
                old = table.c.background_id.in_(part)
                connection.execute(delete(table).where(table.c.gallery_id == number, old))
            put_rows(connection, table, list(rows.values()), replace=True)


def _held(connection: Connection, name: str) -> int:
    """The number of a living gallery. Nobody can remove the gallery before the transaction ends.

    Raises:
        UnknownNameError: There is no such gallery.
    """
    number = gallery_id(connection, name)
    if not hold(connection, gallery_table, [number], gallery_table.c.removed_revision.is_(None)):
        raise UnknownNameError(f"gallery {name!r} was removed meanwhile")
    return number


def _row(new: NewBackground) -> dict[str, Any]:
    return {
        "name": storable(new.name),
        "source": storable(new.source),
        "digest": new.digest,
        "shipped": new.shipped,
        "medium": new.medium.value,
        "width": new.width,
        "height": new.height,
        "seconds": new.seconds,
    }


def _background(row: Mapping[Any, Any]) -> Background:
    values: dict[str, Any] = {**row, "medium": Medium(row["medium"])}
    return Background(**values)


def _score_row(score: BackgroundScore) -> dict[str, Any]:
    return {
        "background_id": int(score.background_id),
        "score": float(score.score),
        "up_to_revision": int(score.up_to_revision),
        "reference_id": None if score.reference_id is None else int(score.reference_id),
        "excluded": bool(score.excluded),
        "reason": score.reason,
    }
