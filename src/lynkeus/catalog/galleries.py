"""Galleries: named sets of entities; each gallery has a policy."""

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
            kind: Name of the kind of everything in the gallery.
            policy: The policy, opaque to the catalog; None means no policy.
            log_only: Findings are recorded but ask for no action.
            retention_days: Days for which the data that a review needs of an upload is kept; None means not set.

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
            UnknownNameError: There is no such gallery.
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
        """Set whether a gallery only logs its findings.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            return _change(writing, gallery_id(writing.connection, name), name, log_only=log_only)

    def set_retention_days(self, name: str, days: int | None) -> Gallery:
        """Set for how many days the data that a review needs of an upload is kept.

        Args:
            name: Name of the gallery.
            days: Days, at least 1; None means not set.

        Raises:
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            return _change(writing, gallery_id(writing.connection, name), name, retention_days=days)

    def remove(self, name: str, *, force: bool = False, purge: bool = False) -> Removal:
        """Remove a gallery with its entities, references and calibrations; its name becomes free.

        Args:
            name: Name of the gallery.
            force: Remove the gallery even when it has references.
            purge: As in ``References.remove``.

        Raises:
            ConflictError: The gallery has references, and ``force`` is false.
            UnknownNameError: There is no such gallery.
        """
        with self._store.write() as writing:
            number = gallery_id(writing.connection, name)
            query = select(reference.c.id).where(reference.c.gallery_id == number)
            living = query.where(reference.c.removed_revision.is_(None))
            ids = list(writing.connection.execute(query if purge else living).scalars())
            count = len(writing.connection.execute(living).all())
            if count and not force:
                raise ConflictError(f"gallery {name!r} has {count} references; force removes them as well")
            revision = writing.raise_revision()
            # Every transaction that locks a gallery and its references locks the gallery first: no deadlock.
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
    """Refuse a name that is not allowed for a gallery.

    Args:
        name: The name; ``Galleries.create`` says what is allowed.

    Raises:
        ConflictError: The name is not allowed.
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
    raise ConflictError(f"the name {name!r} is taken by another gallery")


def _change(writing: Writing, number: int, name_now: str, /, **values: Any) -> Gallery:
    writing.raise_revision()
    writing.connection.execute(update(table).where(table.c.id == number).values(values))
    return _get(writing.connection, name_now)


def _get(connection: Connection, name: str) -> Gallery:
    query = select(*_FIELDS).where(table.c.id == gallery_id(connection, name))
    return Gallery(**connection.execute(query).mappings().one())
