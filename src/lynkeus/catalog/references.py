"""References: register them, remove them, and tell indexes what changed."""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import Any, SupportsIndex

from sqlalchemy import Connection, Select, Text, cast, func, insert, or_, select

from lynkeus.catalog.blobs import insert_blobs, insert_missing
from lynkeus.catalog.entities import ensure_entities
from lynkeus.catalog.lookup import chunks, gallery_id, hold, numbers, storable
from lynkeus.catalog.removal import finish, remove_references
from lynkeus.catalog.rows import Added, Changes, NewReference, Owner, Reference, Removal
from lynkeus.catalog.schema import entity as entity_table
from lynkeus.catalog.schema import gallery as gallery_table
from lynkeus.catalog.schema import reference as table
from lynkeus.catalog.store import Store, stamp_of
from lynkeus.core import UnknownNameError
from lynkeus.core.media import Medium

_FIELDS = (
    table.c.id,
    table.c.gallery_id,
    gallery_table.c.name.label("gallery"),
    table.c.entity_id,
    entity_table.c.name.label("entity"),
    gallery_table.c.kind,
    table.c.name,
    table.c.source,
    table.c.digest,
    table.c.medium,
    table.c.width,
    table.c.height,
    table.c.seconds,
    table.c.region,
    table.c.model_version,
    table.c.added_revision,
    table.c.removed_revision,
    table.c.created,
)
_LIVING = table.c.removed_revision.is_(None)


class References:
    """The catalog's references. Adding and removing raises the revision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, gallery: str, batch: Sequence[NewReference]) -> list[Added]:
        """Register all references of a batch, or none on an error; they are on the disk when this returns.

        A batch of 64 to 256 is fast, because each call waits for the disk once.

        Args:
            gallery: Name of the gallery.
            batch: The references. The gallery stores the same bytes only once.

        Returns:
            One row per reference, in the order of the batch.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            connection = writing.connection
            number = gallery_id(connection, gallery)
            ids = _ids_by_digest(connection, number, [each.digest for each in batch])
            fresh = {each.digest: each for each in reversed(batch) if each.digest not in ids}
            new = list(reversed(fresh.values()))
            if new:
                revision = writing.raise_revision()
                entities = ensure_entities(connection, number, [each.entity for each in new])
                common = {"gallery_id": number, "added_revision": revision, "created": time.time()}
                rows = [{**common, **_row(each), "entity_id": entities[storable(each.entity)]} for each in new]
                made = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
                ids.update(zip((each.digest for each in new), made.scalars(), strict=True))
                insert_blobs(connection, Owner.REFERENCE, {ids[each.digest]: each.blobs for each in new})
        first = {id(each) for each in new}
        return [Added(id=ids[each.digest], new=id(each) in first) for each in batch]

    def remove(self, ids: Iterable[SupportsIndex], *, purge: bool = False) -> Removal:
        """Remove references: delete their blobs and keep their rows as tombstones.

        Args:
            ids: Numbers of the references. References that were removed earlier are skipped, or purged.
            purge: Also blank all texts about the references, and empty the write-ahead log.

        Raises:
            UnknownNameError: A reference does not exist; then no reference is removed.
        """
        wanted = numbers(ids)
        with self._store.write() as writing:
            there = _existing(writing.connection, wanted)
            missing = [number for number in wanted if number not in there]
            if missing:
                raise UnknownNameError(f"no reference {missing[0]}; nothing was removed")
            receipt = remove_references(writing, wanted, blank=purge)
        return finish(self._store, receipt)

    def get(self, number: SupportsIndex) -> Reference:
        """The reference, or its tombstone.

        Raises:
            UnknownNameError: There is no reference of this number.
        """
        found = self.many([number])
        if not found:
            raise UnknownNameError(f"no reference {number}")
        return found[index(number)]

    def many(self, ids: Iterable[SupportsIndex]) -> dict[int, Reference]:
        """References or their tombstones by id; unknown numbers are left out."""
        found: dict[int, Reference] = {}
        with self._store.read() as connection:
            for part in chunks(numbers(ids)):
                rows = connection.execute(_references().where(table.c.id.in_(part))).mappings()
                found.update((row["id"], _reference(row)) for row in rows)
        return found

    def page(
        self,
        gallery: str,
        *,
        entity: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Reference]:
        """A page of the living references of a gallery, by ascending id.

        Args:
            gallery: Name of the gallery.
            entity: Only references of the entity of this name.
            after: The last id of the previous page.
            limit: Most references of the page.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            query = _references().where(table.c.gallery_id == gallery_id(connection, gallery), _LIVING)
            if entity is not None:
                query = query.where(entity_table.c.name == storable(entity))
            query = query.where(table.c.id > after).order_by(table.c.id).limit(limit)
            return [_reference(row) for row in connection.execute(query).mappings()]

    def named(self, gallery: str, name: str) -> list[Reference]:
        """The living references of that name, by ascending id; several references may share a name.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            query = _references().where(table.c.gallery_id == gallery_id(connection, gallery), _LIVING)
            query = query.where(table.c.name == storable(name)).order_by(table.c.id)
            return [_reference(row) for row in connection.execute(query).mappings()]

    def known(self, gallery: str, digests: Iterable[str]) -> dict[str, int]:
        """The digests that the gallery already has, each with the id of the living reference.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            return _ids_by_digest(connection, gallery_id(connection, gallery), list(digests))

    def count(self, gallery: str | None = None, *, kind: str | None = None) -> int:
        """How many living references there are.

        Args:
            gallery: Only references of this gallery.
            kind: Only references in galleries of this kind.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        query = select(func.count()).select_from(table).where(_LIVING)
        if kind is not None:
            query = query.join(gallery_table).where(gallery_table.c.kind == kind)
        with self._store.read() as connection:
            if gallery is not None:
                query = query.where(table.c.gallery_id == gallery_id(connection, gallery))
            return connection.execute(query).scalar_one()

    def of_entities(self, entity_ids: Iterable[SupportsIndex]) -> tuple[int, ...]:
        """Ids of the living references that show the entities, ascending."""
        found: list[int] = []
        with self._store.read() as connection:
            for part in chunks(numbers(entity_ids)):
                query = select(table.c.id).where(table.c.entity_id.in_(part), _LIVING)
                found += connection.execute(query).scalars()
        return tuple(sorted(found))

    def keep(self, parts: Mapping[int, Mapping[str, bytes]]) -> None:
        """Store more items of references. Existing items stay as they are; removed references are skipped.

        The revision stays the same, because the items are derived from references that the revision already counts.

        Args:
            parts: Reference id to name to bytes.
        """
        with self._store.append() as connection:
            living = hold(connection, table, parts, _LIVING)
            insert_missing(connection, Owner.REFERENCE, {n: each for n, each in parts.items() if n in living})

    def changes_since(self, revision: int, *, gallery: str | None = None, kind: str | None = None) -> Changes:
        """The references added and removed after a revision of this epoch; after 0, every living reference is added.

        Args:
            revision: The revision that the caller knows.
            gallery: Only references of this gallery.
            kind: Only references in galleries of this kind.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            query = select(table.c.id)
            if kind is not None:
                query = query.join(gallery_table).where(gallery_table.c.kind == kind)
            if gallery is not None:
                query = query.where(table.c.gallery_id == gallery_id(connection, gallery))
            added = query.where(_LIVING, table.c.added_revision > revision).order_by(table.c.id)
            removed = query.where(table.c.removed_revision > revision).order_by(table.c.id)
            stamp = stamp_of(connection)
            return Changes(
                stamp=stamp,
                added=tuple(connection.execute(added).scalars()),
                removed=tuple(connection.execute(removed).scalars()),
                backgrounds=stamp.backgrounds > revision,
            )

    def digest_of(self, revision: int, kind: str) -> str:
        """Identify the references of a kind at a revision: SHA-256 over their ids and the digests of their files.

        An index named by this digest holds exactly these references. The revision alone is not enough: a catalog that
        was copied back may reach the same revision with other references. A purge blanks the digest of the purged
        reference, so that an index that still holds the reference no longer has the right name. 100,000 references
        take about 0.2 s on one core.

        Args:
            revision: A revision of this epoch, at most the current one.
            kind: Only references in galleries of this kind.
        """
        query = (
            select(cast(table.c.id, Text) + " " + table.c.digest)
            .join(gallery_table)
            .where(
                gallery_table.c.kind == kind,
                table.c.added_revision <= revision,
                or_(_LIVING, table.c.removed_revision > revision),
            )
            .order_by(table.c.id)
        )
        with self._store.read() as connection:
            lines = connection.execute(query).scalars().all()
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _row(new: NewReference) -> dict[str, Any]:
    return {
        "name": storable(new.name),
        "source": storable(new.source),
        "digest": new.digest,
        "medium": new.medium.value,
        "width": new.width,
        "height": new.height,
        "seconds": new.seconds,
        "region": new.region,
        "model_version": new.model_version,
    }


def _ids_by_digest(connection: Connection, of: int, digests: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for part in chunks(digests):
        query = select(table.c.digest, table.c.id).where(table.c.gallery_id == of, table.c.digest.in_(part), _LIVING)
        ids.update((row.digest, row.id) for row in connection.execute(query))
    return ids


def _existing(connection: Connection, ids: Sequence[int]) -> set[int]:
    there: set[int] = set()
    for part in chunks(ids):
        there.update(connection.execute(select(table.c.id).where(table.c.id.in_(part))).scalars())
    return there


def _references() -> Select:
    return (
        select(*_FIELDS)
        .join(entity_table, entity_table.c.id == table.c.entity_id)
        .join(gallery_table, gallery_table.c.id == table.c.gallery_id)
    )


def _reference(row: Mapping[Any, Any]) -> Reference:
    values: dict[str, Any] = {**row, "medium": Medium(row["medium"])}
    return Reference(**values)
