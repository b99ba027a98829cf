"""Purges that the catalog has completed, while other files of the home may still hold the reference.

A purge blanks a reference in the catalog. An index beside the catalog may hold the vectors of the reference until the
index is written again. The code that writes the index then calls ``finish``. A purge that was killed in between stays
pending.
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
        """The purged references, ascending, that a file of the home may still hold."""
        with self._store.read() as connection:
            query = select(purge.c.reference_id).where(purge.c.finished.is_(None)).order_by(purge.c.reference_id)
            return tuple(connection.execute(query).scalars())

    def finish(self, ids: Iterable[SupportsIndex]) -> None:
        """Record that no file of the home holds these references any more.

        Args:
            ids: The references that were pending before the files were cleaned. A reference that another process
                purged meanwhile stays pending. References that are not pending are skipped.
        """
        with self._store.append() as connection:
            for part in chunks(numbers(ids)):
                cleaned = update(purge).where(purge.c.reference_id.in_(part), purge.c.finished.is_(None))
                connection.execute(cleaned.values(finished=time.time()))
