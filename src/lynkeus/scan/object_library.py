"""The references of objects in memory, kept in step with the catalog: a search is one product of matrices."""

import threading

import numpy as np

from lynkeus.catalog import Catalog, Owner, Stamp
from lynkeus.core import ConflictError
from lynkeus.recognisers.object_gallery import KnownObjects
from lynkeus.recognisers.objects import LENGTH, fits, unpacked
from lynkeus.recognisers.protocol import OBJECT, OBJECTS

_NONE = np.zeros(0, np.int64)
_EMPTY = KnownObjects.of(_NONE, _NONE, _NONE, np.zeros((0, LENGTH), np.float32))


class ObjectLibrary:
    """The references of all object galleries; safe to use from several threads.

    Args:
        catalog: Where they live.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._known = _EMPTY
        self._groups: dict[str, int] = {}

    def view(self) -> KnownObjects:
        """The references as of now.

        Raises:
            ConflictError: One was registered with another model.
        """
        stamp = self._catalog.stamp()
        with self._lock:
            last = self._stamp
            if last is None or (last.database_id, last.epoch) != (stamp.database_id, stamp.epoch):
                self._known, revision = _EMPTY, 0
            else:
                revision = last.revision
            if last is None or last != stamp:
                self._stamp = self._advance(revision)
            return self._known

    def of_gallery(self, name: str) -> KnownObjects:
        """The references of one gallery as of now."""
        known = self.view()
        ids = [int(number) for number in known.references]
        inside = {number for number, each in self._catalog.references.many(ids).items() if each.gallery == name}
        kept = np.array([number in inside for number in ids], bool)
        return known.only(kept)

    def _advance(self, revision: int) -> Stamp:
        """Apply what changed in the catalog after a revision; gives the state reached."""
        changes = self._catalog.references.changes_since(revision, kind=OBJECTS)
        if changes.added or changes.removed:
            old = self._known
            stays = ~np.isin(old.references, np.array([*changes.added, *changes.removed], np.int64))
            stored = self._catalog.blobs.read(Owner.REFERENCE, changes.added, OBJECT)
            new = self._catalog.references.many(stored)
            foreign = sorted({each.gallery for number, each in new.items() if not fits(stored[number])})
            if foreign:
                raise ConflictError(
                    f"{', '.join(foreign)}: registered with another model of objects, whose vectors have another "
                    "length; remove the gallery and register it anew"
                )
            groups = [self._groups.setdefault(each.gallery, len(self._groups)) for each in new.values()]
            vectors = [unpacked(stored[number]) for number in new]
            self._known = KnownObjects.of(
                np.concatenate([old.references[stays], np.array(list(new), np.int64)]),
                np.concatenate([old.owners[stays], np.array([each.entity_id for each in new.values()], np.int64)]),
                np.concatenate([old.groups[stays], np.array(groups, np.int64)]),
                np.concatenate([old.vectors[stays], np.array(vectors, np.float32).reshape(-1, LENGTH)]),
            )
        return changes.stamp
