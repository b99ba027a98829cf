"""Entities: what is protected, with names and whatever else is known of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from lynkeus.catalog.lookup import chunks, gallery_id, storable
from lynkeus.catalog.removal import blank_unshown_entities, finish, remove_references
from lynkeus.catalog.rows import Entity, Removal
from lynkeus.catalog.schema import entity as table
from lynkeus.catalog.schema import gallery as gallery_table
from lynkeus.catalog.schema import reference
from lynkeus.catalog.store import Store
from lynkeus.core import UnknownNameError


class Entities:
    """The catalog's entities. Registering a reference makes its entity when there is none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        gallery: str,
        name: str,
        *,
        kind: str = "copy",
        aliases: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        links: Mapping[str, Any] | None = None,
    ) -> Entity:
        """Make an entity, or replace what is said of it.

        Args:
            gallery: Its gallery.
            name: Its name, unique for gallery and kind.
            kind: The recogniser's kind.
            aliases: Other names.
            attributes: Anything that JSON takes.
            links: Relation to names of other entities, or a list of them.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        texts = {
            "aliases": _json([storable(alias) for alias in aliases]),
            "attributes": _json(dict(attributes or {})),
            "links": _json(dict(links or {})),
        }
        with self._store.write() as writing:
            connection = writing.connection
            made = ensure_entities(connection, gallery_id(connection, gallery), [(kind, name)])
            itself = table.c.id == made[kind, storable(name)]
            connection.execute(update(table).where(itself).values(texts))
            return _entity(connection.execute(_entities().where(itself)).mappings().one())

    def get(self, gallery: str, name: str, *, kind: str = "copy") -> Entity:
        """The entity of that name.

        Raises:
            UnknownNameError: There is no such gallery or entity.
        """
        with self._store.read() as connection:
            return _entity(_named(connection, gallery, name, kind))

    def page(self, gallery: str, *, kind: str | None = None, after: int = 0, limit: int = 1000) -> list[Entity]:
        """Some entities of a gallery, by ascending id.

        Args:
            gallery: Which.
            kind: Of this kind alone.
            after: The last id of the page before.
            limit: At most so many.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            query = _entities().where(table.c.gallery_id == gallery_id(connection, gallery))
            if kind is not None:
                query = query.where(table.c.kind == kind)
            query = query.where(table.c.id > after).order_by(table.c.id).limit(limit)
            return [_entity(row) for row in connection.execute(query).mappings()]

    def remove(self, gallery: str, name: str, *, kind: str = "copy", purge: bool = False) -> Removal:
        """Remove an entity with all its references; a purge takes those removed before, too.

        Raises:
            UnknownNameError: There is no such gallery or entity.
        """
        with self._store.write() as writing:
            number = _named(writing.connection, gallery, name, kind)["id"]
            ids = select(reference.c.id).where(reference.c.entity_id == number).order_by(reference.c.id)
            revision = writing.raise_revision()
            found = list(writing.connection.execute(ids).scalars())
            gone = update(table).where(table.c.id == number)
            writing.connection.execute(gone.values(removed_revision=revision))
            receipt = remove_references(writing, found, blank=purge)
            if purge:
                blank_unshown_entities(writing, [number])
        return finish(self._store, receipt)


def ensure_entities(connection: Connection, of: int, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ids of living entities by (kind, storable name), those missing made."""
    wanted = list(dict.fromkeys((kind, storable(name)) for kind, name in names))
    ids = _living(connection, of, wanted)
    missing = [
        {
            "gallery_id": of,
            "kind": kind,
            "name": name,
            "aliases": "[]",
            "attributes": "{}",
            "links": "{}",
        }
        for kind, name in wanted
        if (kind, name) not in ids
    ]
    if missing:
        connection.execute(insert(table), missing)
        ids = _living(connection, of, wanted)
    return ids


def _living(connection: Connection, of: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    ids: dict[tuple[str, str], int] = {}
    for part in chunks(wanted):
        query = select(table.c.id, table.c.kind, table.c.name).where(
            table.c.gallery_id == of,
            table.c.kind.in_({kind for kind, _ in part}),
            table.c.name.in_({name for _, name in part}),
            table.c.removed_revision.is_(None),
        )
        ids.update(((row.kind, row.name), row.id) for row in connection.execute(query))
    return ids


def _entities() -> Select:
    living = (
        select(func.count())
        .where(reference.c.entity_id == table.c.id, reference.c.removed_revision.is_(None))
        .correlate(table)
        .scalar_subquery()
    )
    return (
        select(table, gallery_table.c.name.label("gallery"), living.label("living"))
        .join(gallery_table, gallery_table.c.id == table.c.gallery_id)
        .where(table.c.removed_revision.is_(None))
    )


def _named(connection: Connection, gallery: str, name: str, kind: str) -> Mapping[Any, Any]:
    query = _entities().where(
        table.c.gallery_id == gallery_id(connection, gallery),
        table.c.kind == kind,
        table.c.name == storable(name),
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownNameError(f"gallery {gallery!r} has no entity {name!r} of kind {kind!r}")
    return row


def _json(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False))


def _entity(row: Mapping[Any, Any]) -> Entity:
    return Entity(
        id=row["id"],
        gallery=row["gallery"],
        kind=row["kind"],
        name=row["name"],
        aliases=tuple(json.loads(row["aliases"])),
        attributes=json.loads(row["attributes"]),
        links=json.loads(row["links"]),
        references=row["living"],
    )
