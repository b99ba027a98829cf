"""Blobs: opaque bytes of references, backgrounds, uploads and reviews, in a table of their own.

A blob is named ``item``, or ``item@maker`` where a model made it; the table keeps the two apart.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, SupportsIndex

from sqlalchemy import ColumnElement, Connection, and_, delete, false, insert, or_, select

from lynkeus.catalog.lookup import chunks, gallery_id, numbers, put_rows
from lynkeus.catalog.rows import Owner
from lynkeus.catalog.schema import blob, reference
from lynkeus.catalog.schema import gallery as gallery_table
from lynkeus.catalog.store import Store


class Blobs:
    """Reading blobs in bulk. They are written by what writes their owners."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, owner: Owner, ids: Iterable[SupportsIndex], name: str) -> dict[int, bytes]:
        """One item of each owner; owners without it are left out.

        Args:
            owner: Whose.
            ids: Which owners, any number.
            name: Such as ``thumb`` or ``global@1a2b3c4d5e6f``.
        """
        found: dict[int, bytes] = {}
        with self._store.read() as connection:
            for some in chunks(numbers(ids)):
                query = select(blob.c.owner_id, blob.c.bytes).where(_of(owner, some), _named(name))
                found.update((row.owner_id, row.bytes) for row in connection.execute(query))
        return found

    def items(
        self, owner: Owner, ids: Iterable[SupportsIndex], names: Sequence[str] | None = None
    ) -> dict[int, dict[str, bytes]]:
        """Items of each owner by name; an owner without any has an empty dictionary.

        Args:
            owner: Whose.
            ids: Which owners, any number.
            names: Which items; None reads all.
        """
        wanted = numbers(ids)
        found: dict[int, dict[str, bytes]] = {number: {} for number in wanted}
        with self._store.read() as connection:
            for some in chunks(wanted):
                query = select(blob.c.owner_id, blob.c.item, blob.c.maker, blob.c.bytes).where(_of(owner, some))
                if names is not None:
                    query = query.where(or_(false(), *map(_named, names)))
                for row in connection.execute(query):
                    found[row.owner_id][_name(row.item, row.maker)] = row.bytes
        return found

    def having(self, owner: Owner, ids: Iterable[SupportsIndex], name: str) -> set[int]:
        """Those of some owners that have an item."""
        there: set[int] = set()
        with self._store.read() as connection:
            for some in chunks(numbers(ids)):
                query = select(blob.c.owner_id).where(_of(owner, some), _named(name))
                there.update(connection.execute(query).scalars())
        return there

    def drop(self, owner: Owner, ids: Iterable[SupportsIndex], names: Collection[str]) -> None:
        """Delete some items of some owners.

        Args:
            owner: Whose.
            ids: Which owners.
            names: Which items, each with its maker.
        """
        named = or_(false(), *map(_named, names))
        for some in chunks(numbers(ids)):
            with self._store.append() as connection:
                connection.execute(delete(blob).where(_of(owner, some), named))

    def each(
        self,
        owner: Owner,
        name: str,
        *,
        gallery: str | None = None,
        kind: str | None = None,
        after: int = 0,
        batch: int = 256,
    ) -> Iterator[tuple[int, bytes]]:
        """Owner and bytes of one item, by ascending owner, in short transactions.

        What is added or removed meanwhile may or may not be met: ask for the stamp first, and afterwards
        for the changes since.

        Args:
            owner: Whose.
            name: Which item.
            gallery: References of this gallery alone.
            kind: References in galleries of this kind alone.
            after: Begin after this owner.
            batch: How many are held in memory.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        query = select(blob.c.owner_id, blob.c.bytes).where(blob.c.owner == owner.value, _named(name))
        if gallery is not None or kind is not None:
            query = query.join(reference, reference.c.id == blob.c.owner_id)
        if gallery is not None:
            with self._store.read() as connection:
                query = query.where(reference.c.gallery_id == gallery_id(connection, gallery))
        if kind is not None:
            query = query.join(gallery_table, gallery_table.c.id == reference.c.gallery_id)
            query = query.where(gallery_table.c.kind == kind)
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
    """Store the items of some owners that have none of these yet."""
    if rows := _rows(owner, blobs):
        connection.execute(insert(blob), rows)


def insert_missing(connection: Connection, owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> None:
    """Store those items of some owners that they do not have yet."""
    put_rows(connection, blob, _rows(owner, blobs), replace=False)


def delete_blobs(connection: Connection, owner: Owner, ids: Sequence[int]) -> int:
    """Delete all items of some owners; how many there were."""
    return sum(connection.execute(delete(blob).where(_of(owner, some))).rowcount for some in chunks(ids))


def _rows(owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> list[dict[str, Any]]:
    return [
        {"owner": owner.value, "owner_id": int(owner_id), "item": item, "maker": maker, "bytes": content}
        for owner_id, items in blobs.items()
        for name, content in items.items()
        for item, maker in [_split(name)]
    ]


def _split(name: str) -> tuple[str, str]:
    """Item and maker of a name."""
    item, _, maker = name.partition("@")
    return item, maker


def _name(item: str, maker: str) -> str:
    return f"{item}@{maker}" if maker else item


def _of(owner: Owner, ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(blob.c.owner == owner.value, blob.c.owner_id.in_(ids))


def _named(name: str) -> ColumnElement[bool]:
    item, maker = _split(name)
    return and_(blob.c.item == item, blob.c.maker == maker)
