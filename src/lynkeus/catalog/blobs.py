"""Blobs: opaque bytes that belong to references, backgrounds, uploads and reviews; one table holds all blobs.

The name of a blob is ``item``, or ``item@maker`` for a blob that a model made. The table stores item and maker in
two columns.
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
    """Reads and deletes blobs in bulk. The code that writes an owner also writes the owner's blobs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, owner: Owner, ids: Iterable[SupportsIndex], name: str) -> dict[int, bytes]:
        """One item of each owner; owners without the item are left out.

        Args:
            owner: Kind of owner.
            ids: Numbers of the owners; any count.
            name: Name of the item, such as ``thumb`` or ``global@1a2b3c4d5e6f``.
        """
        found: dict[int, bytes] = {}
        with self._store.read() as connection:
            for some in chunks(numbers(ids)):
                query = select(blob.c.owner_id, blob.c.bytes).where(_owned_by(owner, some), _named(name))
                found.update((row.owner_id, row.bytes) for row in connection.execute(query))
        return found

    def items(
        self, owner: Owner, ids: Iterable[SupportsIndex], names: Sequence[str] | None = None
    ) -> dict[int, dict[str, bytes]]:
        """Items of each owner by name; an owner without items has an empty dictionary.

        Args:
            owner: Kind of owner.
            ids: Numbers of the owners; any count.
            names: Names of the items; None reads all items.
        """
        wanted = numbers(ids)
        found: dict[int, dict[str, bytes]] = {number: {} for number in wanted}
        with self._store.read() as connection:
            for some in chunks(wanted):
                query = select(blob.c.owner_id, blob.c.item, blob.c.maker, blob.c.bytes).where(_owned_by(owner, some))
                if names is not None:
                    query = query.where(or_(false(), *map(_named, names)))
                for row in connection.execute(query):
                    found[row.owner_id][_name(row.item, row.maker)] = row.bytes
        return found

    def having(self, owner: Owner, ids: Iterable[SupportsIndex], name: str) -> set[int]:
        """The numbers of the owners that have an item."""
        there: set[int] = set()
        with self._store.read() as connection:
            for some in chunks(numbers(ids)):
                query = select(blob.c.owner_id).where(_owned_by(owner, some), _named(name))
                there.update(connection.execute(query).scalars())
        return there

    def drop(self, owner: Owner, ids: Iterable[SupportsIndex], names: Collection[str]) -> None:
        """Delete items of owners.

        Args:
            owner: Kind of owner.
            ids: Numbers of the owners.
            names: Names of the items, each with its maker.
        """
        named = or_(false(), *map(_named, names))
        for some in chunks(numbers(ids)):
            with self._store.append() as connection:
                connection.execute(delete(blob).where(_owned_by(owner, some), named))

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
        """Number of the owner and bytes of one item, by ascending number, read in short transactions.

        The result may or may not include items that are added or removed meanwhile. A caller therefore reads the
        stamp before the first item, and the changes since that stamp after the last item.

        Args:
            owner: Kind of owner.
            name: Name of the item.
            gallery: Only references of this gallery.
            kind: Only references in galleries of this kind.
            after: Start after this number.
            batch: Items held in memory at once.

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
    """Store items of owners that have none of these items yet."""
    if rows := _rows(owner, blobs):
        connection.execute(insert(blob), rows)


def insert_missing(connection: Connection, owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> None:
    """Store items of owners; items that an owner already has stay as they are."""
    put_rows(connection, blob, _rows(owner, blobs), replace=False)


def delete_blobs(connection: Connection, owner: Owner, ids: Sequence[int]) -> int:
    """Delete all items of the owners. Gives the number of deleted items."""
    return sum(connection.execute(delete(blob).where(_owned_by(owner, some))).rowcount for some in chunks(ids))


def _rows(owner: Owner, blobs: Mapping[int, Mapping[str, bytes]]) -> list[dict[str, Any]]:
    return [
        {"owner": owner.value, "owner_id": int(owner_id), "item": item, "maker": maker, "bytes": content}
        for owner_id, items in blobs.items()
        for name, content in items.items()
        for item, maker in [_split(name)]
    ]


def _split(name: str) -> tuple[str, str]:
    """The item and the maker in a blob's name."""
    item, _, maker = name.partition("@")
    return item, maker


def _name(item: str, maker: str) -> str:
    return f"{item}@{maker}" if maker else item


def _owned_by(owner: Owner, ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(blob.c.owner == owner.value, blob.c.owner_id.in_(ids))


def _named(name: str) -> ColumnElement[bool]:
    item, maker = _split(name)
    return and_(blob.c.item == item, blob.c.maker == maker)
