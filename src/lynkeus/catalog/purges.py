"""Purges that the catalog has done and the other files of the home may still have to follow.

A purge blanks a reference in the catalog. Indexes beside the catalog may hold its vectors until they are written
again; who writes them says so here. A purge that was killed in between is met again as pending.
"""

import time
from collections.abc import Iterable
from typing import SupportsIndex

from sqlalchemy import select, update

from lynkeus.catalog.lookup import chunks, numbers
from lynkeus.catalog.schema import purge
from lynkeus.catalog.store import Store


class Purges:
    """The catalog's purges. Nothing here raises the revision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pending(self) -> tuple[int, ...]:
        """The purged references, ascending, of which a file of the home may still hold something."""
        with self._store.read() as connection:
            query = select(purge.c.reference_id).where(purge.c.finished.is_(None)).order_by(purge.c.reference_id)
            return tuple(connection.execute(query).scalars())

    def finish(self, ids: Iterable[SupportsIndex]) -> None:
        """Note that no file of the home holds anything of these references any more.

        Args:
            ids: What was pending before the files were cleaned: a reference that another process purged meanwhile
                stays pending. Those not pending are passed over.
        """
        with self._store.append() as connection:
            for part in chunks(numbers(ids)):
                cleaned = update(purge).where(purge.c.reference_id.in_(part), purge.c.finished.is_(None))
                connection.execute(cleaned.values(finished=time.time()))
