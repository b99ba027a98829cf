"""The references of objects in memory, kept in step with the catalog: a search is one product of matrices."""

import threading

import numpy as np

from lynkeus.catalog import Catalog, Owner, Stamp
from lynkeus.core import ConflictError
from lynkeus.kinds.objects.gallery import KnownObjects
from lynkeus.kinds.objects.recogniser import unpacked
from lynkeus.kinds.protocol import OBJECTS

_NONE = np.zeros(0, np.int64)
_EMPTY = KnownObjects.of(_NONE, _NONE, _NONE, np.zeros((0, 0), np.float32))


class ObjectLibrary:
    """The references of all object galleries; safe to use from several threads.

    Args:
        catalog: Where they live.
        part: Name of their vectors among stored items.
    """

    def __init__(self, catalog: Catalog, part: str) -> None:
        self._catalog, self._part = catalog, part
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._known = _EMPTY
        self._groups: dict[str, int] = {}

    def view(self) -> KnownObjects:
        """The references as of now.

        Raises:
            ConflictError: One has no vector of that name: another network described it.
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
            stored = self._catalog.blobs.read(Owner.REFERENCE, changes.added, self._part)
            known = self._catalog.references.many(changes.added)
            new = {number: each for number, each in known.items() if each.removed_revision is None}
            foreign = sorted({each.gallery for number, each in new.items() if number not in stored})
            if foreign:
                raise ConflictError(
                    f"{', '.join(foreign)}: described by another network of objects than the one in use. If that was "
                    "changed while this ran, run it again; else `lynkeus models refresh` describes them anew, or "
                    "`lynkeus models use CARD` puts the network into use that described them"
                )
            groups = [self._groups.setdefault(each.gallery, len(self._groups)) for each in new.values()]
            added = np.array([unpacked(stored[number]) for number in new], np.float32)
            kept = old.vectors[stays]
            self._known = KnownObjects.of(
                np.concatenate([old.references[stays], np.array(list(new), np.int64)]),
                np.concatenate([old.owners[stays], np.array([each.entity_id for each in new.values()], np.int64)]),
                np.concatenate([old.groups[stays], np.array(groups, np.int64)]),
                np.concatenate([rows for rows in (kept, added) if len(rows)] or [_EMPTY.vectors]),
            )
        return changes.stamp
