"""Blobs: opaque bytes of references, backgrounds, uploads and reviews, in a table of their own."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import SupportsIndex

from sqlalchemy import Connection, delete, insert, select

from lynkeus.catalog.lookup import chunks, gallery_id, numbers
from lynkeus.catalog.rows import Owner
from lynkeus.catalog.schema import blob, entity, reference
from lynkeus.catalog.store import Store


class Blobs:
    """Reading blobs in bulk. They are written by what writes their owners."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, owner: Owner, ids: Iterable[SupportsIndex], part: str) -> dict[int, bytes]:
        """One part of each owner; owners without it are left out.

        Args:
            owner: Whose.
            ids: Which owners, any number.
            part: Such as ``local``, ``global``, ``thumb``.
        """
        table = blob
        found: dict[int, bytes] = {}
        with self._store.read() as connection:
            for some in chunks(numbers(ids)):
                query = select(table.c.owner_id, table.c.bytes).where(
                    table.c.owner == owner.value, table.c.owner_id.in_(some), table.c.part == part
                )
                found.update((row.owner_id, row.bytes) for row in connection.execute(query))
        return found

    def having(self, owner: Owner, ids: Iterable[SupportsIndex], part: str) -> set[int]:
        """Those of some owners that have a part."""
        with self._store.read() as connection:
            return _having(connection, owner, numbers(ids), part)

    def drop(self, owner: Owner, ids: Iterable[SupportsIndex], parts: Collection[str]) -> None:
        """Delete some parts of some owners.

        Args:
            owner: Whose.
            ids: Which owners.
            parts: Names of the parts that go.
        """
        named = blob.c.owner == owner.value, blob.c.part.in_(parts)
        for some in chunks(numbers(ids)):
            with self._store.write() as writing:
                writing.connection.execute(delete(blob).where(blob.c.owner_id.in_(some), *named))

    def each(
        self,
        owner: Owner,
        part: str,
        *,
        gallery: str | None = None,
        kind: str | None = None,
        after: int = 0,
        batch: int = 256,
    ) -> Iterator[tuple[int, bytes]]:
        """Owner and bytes of one part, by ascending owner, in short transactions.

        What is added or removed meanwhile may or may not be met: ask for the stamp first, and afterwards
        for the changes since.

        Args:
            owner: Whose.
            part: Which part.
            gallery: References of this gallery alone.
            kind: References of entities of this kind alone.
            after: Begin behind this owner.
            batch: How many are held in memory.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        query = select(blob.c.owner_id, blob.c.bytes).where(blob.c.owner == owner.value, blob.c.part == part)
        if gallery is not None or kind is not None:
            query = query.join(reference, reference.c.id == blob.c.owner_id)
        if gallery is not None:
            with self._store.read() as connection:
                query = query.where(reference.c.gallery_id == gallery_id(connection, gallery))
        if kind is not None:
            query = query.join(entity, entity.c.id == reference.c.entity_id).where(entity.c.kind == kind)
        query = query.order_by(blob.c.owner_id).limit(batch)
        while True:
            with self._store.read() as connection:
                rows = connection.execute(query.where(blob.c.owner_id > after)).all()
            if not rows:
                return
            for row in rows:
                yield row.owner_id, row.bytes
            after = rows[-1].owner_id


def insert_blobs(connection: Connection, owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> None:
    """Store the parts of some owners that have none of these yet."""
    rows = [
        {"owner": owner.value, "owner_id": owner_id, "part": part, "bytes": content}
        for owner_id, parts in blobs.items()
        for part, content in parts.items()
    ]
    if rows:
        connection.execute(insert(blob), rows)


def insert_missing(connection: Connection, owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> None:
    """Store those parts of some owners that they do not have yet."""
    names = {name for each in blobs.values() for name in each}
    there = {name: _having(connection, owner, list(blobs), name) for name in names}
    new = {
        int(number): {name: raw for name, raw in each.items() if number not in there[name]}
        for number, each in blobs.items()
    }
    insert_blobs(connection, owner, new)


def _having(connection: Connection, owner: Owner, ids: Sequence[int], part: str) -> set[int]:
    """Those of some owners that have a part."""
    there: set[int] = set()
    for some in chunks(numbers(ids)):
        query = select(blob.c.owner_id).where(
            blob.c.owner == owner.value, blob.c.owner_id.in_(some), blob.c.part == part
        )
        there.update(connection.execute(query).scalars())
    return there


def delete_blobs(connection: Connection, owner: Owner, ids: Sequence[int]) -> int:
    """Delete all parts of some owners; how many there were."""
    deleted = 0
    for some in chunks(ids):
        gone = delete(blob).where(blob.c.owner == owner.value, blob.c.owner_id.in_(some))
        deleted += connection.execute(gone).rowcount
    return deleted
