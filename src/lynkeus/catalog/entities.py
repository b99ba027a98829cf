"""Entities: the protected things and persons, with names, attributes and links."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from lynkeus.catalog.lookup import chunks, gallery_id, storable
from lynkeus.catalog.removal import blank_unshown_entities, finish, remove_entities, remove_references
from lynkeus.catalog.rows import Entity, Removal
from lynkeus.catalog.schema import entity as table
from lynkeus.catalog.schema import gallery as gallery_table
from lynkeus.catalog.schema import reference, relation
from lynkeus.catalog.store import Store
from lynkeus.core import UnknownNameError


class Entities:
    """The catalog's entities. Registering a reference makes the reference's entity where it is missing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        gallery: str,
        name: str,
        *,
        aliases: Sequence[str] = (),
        attributes: Mapping[str, Any] | None = None,
        links: Mapping[str, Sequence[str]] | None = None,
    ) -> Entity:
        """Make an entity, or replace its aliases, attributes and links.

        Args:
            gallery: Name of the gallery.
            name: Name of the entity, unique in the gallery.
            aliases: Other names.
            attributes: Any values that JSON can hold.
            links: Name of a relation to the names of entities of the gallery.

        Raises:
            UnknownNameError: There is no such gallery, or a link names no entity; then nothing is stored.
        """
        texts = {
            "aliases": _json([storable(alias) for alias in aliases]),
            "attributes": _json(dict(attributes or {})),
        }
        with self._store.write() as writing:
            connection = writing.connection
            of = gallery_id(connection, gallery)
            number = ensure_entities(connection, of, [name])[storable(name)]
            connection.execute(update(table).where(table.c.id == number).values(texts))
            _relate(connection, of, number, links or {})
            return _entities(connection, _query().where(table.c.id == number))[0]

    def get(self, gallery: str, name: str) -> Entity:
        """The entity of that name.

        Raises:
            UnknownNameError: There is no such gallery or entity.
        """
        with self._store.read() as connection:
            return _named(connection, gallery, name)

    def page(self, gallery: str, *, after: int = 0, limit: int = 1000) -> list[Entity]:
        """A page of the entities of a gallery, by ascending id.

        Args:
            gallery: Name of the gallery.
            after: The last id of the previous page.
            limit: Most entities of the page.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.read() as connection:
            query = _query().where(table.c.gallery_id == gallery_id(connection, gallery))
            return _entities(connection, query.where(table.c.id > after).order_by(table.c.id).limit(limit))

    def remove(self, gallery: str, name: str, *, purge: bool = False) -> Removal:
        """Remove an entity with all its references. A purge also blanks references that were removed earlier.

        Raises:
            UnknownNameError: There is no such gallery or entity.
        """
        with self._store.write() as writing:
            number = _named(writing.connection, gallery, name).id
            ids = select(reference.c.id).where(reference.c.entity_id == number).order_by(reference.c.id)
            found = list(writing.connection.execute(ids).scalars())
            remove_entities(writing, [number])
            receipt = remove_references(writing, found, blank=purge)
            if purge:
                blank_unshown_entities(writing, [number])
        return finish(self._store, receipt)


def ensure_entities(connection: Connection, of: int, names: Iterable[str]) -> dict[str, int]:
    """Make the missing entities of a gallery. Gives the ids of all the named entities, by storable name."""
    wanted = list(dict.fromkeys(storable(name) for name in names))
    ids = _living(connection, of, wanted)
    missing = [
        {"gallery_id": of, "name": name, "aliases": "[]", "attributes": "{}"} for name in wanted if name not in ids
    ]
    if missing:
        connection.execute(insert(table), missing)
        ids = _living(connection, of, wanted)
    return ids


def _living(connection: Connection, of: int, wanted: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for part in chunks(wanted):
        query = select(table.c.id, table.c.name).where(
            table.c.gallery_id == of, table.c.name.in_(part), table.c.removed_revision.is_(None)
        )
        ids.update((row.name, row.id) for row in connection.execute(query))
    return ids


def _relate(connection: Connection, of: int, number: int, links: Mapping[str, Sequence[str]]) -> None:
    """Replace the relations of an entity."""
    connection.execute(delete(relation).where(relation.c.entity_id == number))
    named = {(storable(kind), storable(other)) for kind, others in links.items() for other in others}
    ids = _living(connection, of, sorted({other for _, other in named}))
    lost = sorted(other for _, other in named if other not in ids)
    if lost:
        raise UnknownNameError(f"a link names {lost[0]!r}, but the gallery has no such entity; nothing was stored")
    if named:
        rows = [{"entity_id": number, "name": kind, "other_id": ids[other]} for kind, other in sorted(named)]
        connection.execute(insert(relation), rows)


def _query() -> Select:
    living = (
        select(func.count())
        .where(reference.c.entity_id == table.c.id, reference.c.removed_revision.is_(None))
        .correlate(table)
        .scalar_subquery()
    )
    of = gallery_table.c
    return (
        select(table, of.name.label("gallery"), of.kind.label("kind"), living.label("living"))
        .join(gallery_table, of.id == table.c.gallery_id)
        .where(table.c.removed_revision.is_(None))
    )


def _entities(connection: Connection, query: Select) -> list[Entity]:
    rows = connection.execute(query).mappings().all()
    links = _links(connection, [row["id"] for row in rows])
    return [
        Entity(
            id=row["id"],
            gallery=row["gallery"],
            kind=row["kind"],
            name=row["name"],
            aliases=tuple(json.loads(row["aliases"])),
            attributes=json.loads(row["attributes"]),
            links=links.get(row["id"], {}),
            references=row["living"],
        )
        for row in rows
    ]


def _links(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    """The links (relation to names) of each entity that has links."""
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for part in chunks(ids):
        query = (
            select(relation.c.entity_id, relation.c.name, table.c.name.label("other"))
            .join(table, table.c.id == relation.c.other_id)
            .where(relation.c.entity_id.in_(part))
        )
        for number, kind, other in sorted((row.entity_id, row.name, row.other) for row in connection.execute(query)):
            links = found.setdefault(number, {})
            links[kind] = (*links.get(kind, ()), other)
    return found


def _named(connection: Connection, gallery: str, name: str) -> Entity:
    query = _query().where(table.c.gallery_id == gallery_id(connection, gallery), table.c.name == storable(name))
    found = _entities(connection, query)
    if not found:
        raise UnknownNameError(f"gallery {gallery!r} has no entity {name!r}")
    return found[0]


def _json(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False))
