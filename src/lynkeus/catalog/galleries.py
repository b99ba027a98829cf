"""Galleries: named sets of entities, each with a policy."""

import re
import time
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from lynkeus.catalog.lookup import gallery_id
from lynkeus.catalog.removal import blank_unshown_entities, finish, remove_entities, remove_references
from lynkeus.catalog.rows import Gallery, Removal
from lynkeus.catalog.schema import background_score, calibration, entity, reference
from lynkeus.catalog.schema import gallery as table
from lynkeus.catalog.store import Store, Writing
from lynkeus.core import ConflictError, UnknownNameError

_FIELDS = [column for column in table.c if column.name != "removed_revision"]
_NAME = re.compile(r"[^\W_][\w.-]{0,63}")


class Galleries:
    """The catalog's galleries. Every change raises the revision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(
        self,
        name: str,
        *,
        kind: str,
        policy: str | None = None,
        log_only: bool = False,
        retention_days: int | None = None,
    ) -> Gallery:
        """Make an empty gallery.

        Args:
            name: 1 to 64 letters, digits, ``.``, ``_`` or ``-``, a letter or digit first.
            kind: The recogniser's kind of all that is registered into it.
            policy: Opaque text; None for none yet.
            log_only: Findings are noted but ask for no action.
            retention_days: How many days what a review needs of an upload is kept; None: nobody has said.

        Raises:
            ConflictError: The name is taken or not allowed.
        """
        with self._store.write() as writing:
            _check_free(writing, name)
            writing.raise_revision()
            values = {
                "name": name,
                "kind": kind,
                "policy": policy,
                "log_only": log_only,
                "retention_days": retention_days,
                "created": time.time(),
            }
            writing.connection.execute(insert(table).values(values))
            return _get(writing.connection, name)

    def all(self) -> list[Gallery]:
        """All galleries, by name."""
        living = select(*_FIELDS).where(table.c.removed_revision.is_(None)).order_by(table.c.name)
        with self._store.read() as connection:
            return [Gallery(**row) for row in connection.execute(living).mappings()]

    def get(self, name: str) -> Gallery:
        """The gallery of that name.

        Raises:
            UnknownNameError: There is none.
        """
        with self._store.read() as connection:
            return _get(connection, name)

    def rename(self, name: str, new_name: str) -> Gallery:
        """Give a gallery another name.

        Raises:
            ConflictError: The new name is taken or not allowed.
            UnknownNameError: There is no gallery of the old name.
        """
        with self._store.write() as writing:
            number = gallery_id(writing.connection, name)
            if new_name != name:
                _check_free(writing, new_name)
            return _change(writing, number, new_name, name=new_name)

    def set_policy(self, name: str, policy: str | None) -> Gallery:
        """Store another policy.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            return _change(writing, gallery_id(writing.connection, name), name, policy=policy)

    def set_log_only(self, name: str, log_only: bool) -> Gallery:  # noqa: FBT001  the value is what is set
        """Make a gallery only log, or act again.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            return _change(writing, gallery_id(writing.connection, name), name, log_only=log_only)

    def set_retention_days(self, name: str, days: int | None) -> Gallery:
        """Say how many days what a review needs of an upload is kept.

        Args:
            name: Of which gallery.
            days: At least 1; None: nobody has said.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            return _change(writing, gallery_id(writing.connection, name), name, retention_days=days)

    def remove(self, name: str, *, force: bool = False, purge: bool = False) -> Removal:
        """Remove a gallery with its entities, references and calibration; the name is free again.

        Args:
            name: Which.
            force: Also when it has references.
            purge: As for references.

        Raises:
            ConflictError: It has references, and ``force`` is false.
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            number = gallery_id(writing.connection, name)
            query = select(reference.c.id).where(reference.c.gallery_id == number)
            living = query.where(reference.c.removed_revision.is_(None))
            ids = list(writing.connection.execute(query if purge else living).scalars())
            count = len(writing.connection.execute(living).all())
            if count and not force:
                raise ConflictError(f"gallery {name!r} has {count} references; force removes them, too")
            revision = writing.raise_revision()
            # The gallery goes first, as in every transaction that holds a gallery and its references.
            writing.connection.execute(update(table).where(table.c.id == number).values(removed_revision=revision))
            receipt = remove_references(writing, ids, blank=purge)
            entities = list(
                writing.connection.execute(select(entity.c.id).where(entity.c.gallery_id == number)).scalars()
            )
            remove_entities(writing, entities)
            if purge:
                blank_unshown_entities(writing, entities)
            for bookkeeping in (background_score, calibration):
                writing.connection.execute(delete(bookkeeping).where(bookkeeping.c.gallery_id == number))
        return finish(self._store, receipt)


def check_name(name: str) -> None:
    """Refuse what cannot name a gallery.

    Args:
        name: See ``Galleries.create``.

    Raises:
        ConflictError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise ConflictError(
            f"{name!r} cannot name a gallery: wanted 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first"
        )


def _check_free(writing: Writing, name: str) -> None:
    check_name(name)
    try:
        gallery_id(writing.connection, name)
    except UnknownNameError:
        return
    raise ConflictError(f"there is a gallery {name!r} already")


def _change(writing: Writing, number: int, called: str, /, **values: Any) -> Gallery:
    writing.raise_revision()
    writing.connection.execute(update(table).where(table.c.id == number).values(values))
    return _get(writing.connection, called)


def _get(connection: Connection, name: str) -> Gallery:
    query = select(*_FIELDS).where(table.c.id == gallery_id(connection, name))
    return Gallery(**connection.execute(query).mappings().one())
