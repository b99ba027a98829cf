"""Removing references so that nothing of them stays, and the receipt for it.

After a removal no search finds a reference; its bytes go with the next compaction. When a purge ends, no file of the
home holds them: not the catalog, its write-ahead log, nor an index of any kind, whatever was killed before. The catalog
notes a purge as pending until the files are clean; the next purge first finishes what is pending.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from lynkeus.catalog import Removal
from lynkeus.core import LynkeusError, UnknownNameError
from lynkeus.scan import library
from lynkeus.scan.home import Home

_LOG = logging.getLogger("lynkeus")


def remove(
    home: Home,
    gallery: str,
    *,
    entity: str | None = None,
    references: Sequence[str] = (),
    force: bool = False,
    purge: bool = False,
) -> Removal:
    """Remove some references of a gallery, an entity with all its references, or the gallery.

    Args:
        home: Where.
        gallery: Name of the gallery.
        entity: Name of the entity that goes; None: no entity as such.
        references: Names or numbers of the references that go; with neither entity nor references the gallery goes.
        force: Remove a gallery that has references.
        purge: Blank all texts that tell of them, too, and leave their bytes in no file. A purge that was cut off is
            finished by the same call: its names are blank by then.

    Raises:
        UnknownNameError: There is no such gallery, entity or reference, and no purge was cut off.
        ConflictError: The gallery has references, and ``force`` is False.
    """
    pending = home.catalog.purges.pending() if purge else ()
    known = home.catalog.references.many(pending).values()
    cut_off = finish_purges(home) if purge else None
    try:
        removal = _remove(home, gallery, entity, references, force=force, purge=purge)
    except UnknownNameError:
        if cut_off is None or not any(each.gallery in (gallery, "") for each in known):
            raise
        return cut_off
    done = finish_purges(home, removal) if purge else None
    if done is None:
        _compact(home)
    return done or removal


def finish_purges(home: Home, receipt: Removal | None = None) -> Removal | None:
    """Leave the bytes of purged references in no file of the home; waits for processes that write an index.

    Args:
        home: Which.
        receipt: What was removed just now.

    Returns:
        The receipt of what was pending; None where nothing was.
    """
    pending = home.catalog.purges.pending()
    if not pending:
        return None
    cleared = library.clear(home.index)
    emptied = home.catalog.truncate_log()
    if cleared and emptied:
        home.catalog.purges.finish(pending)
    _compact(home)
    if receipt is None:
        return Removal(ids=pending, blobs=0, revision=home.catalog.revision(), purged=True, wal_truncated=emptied)
    return replace(receipt, wal_truncated=emptied)


def _compact(home: Home) -> None:
    """Write the indexes where enough has changed; the removal itself is done."""
    for kind in sorted({gallery.kind for gallery in home.galleries().values()}):
        try:
            home.lane(kind).library.compact()
        except LynkeusError as error:  # an index that is not rewritten now is built when it is asked for
            _LOG.warning("%s", error)


def _remove(
    home: Home, gallery: str, entity: str | None, references: Sequence[str], *, force: bool, purge: bool
) -> Removal:
    catalog = home.catalog
    if references:
        ids = [number for wanted in references for number in reference_ids(home, gallery, wanted)]
        return catalog.references.remove(ids, purge=purge)
    if entity is not None:
        return catalog.entities.remove(gallery, entity, purge=purge)
    return catalog.galleries.remove(gallery, force=force, purge=purge)


def reference_ids(home: Home, gallery: str, wanted: str) -> list[int]:
    """References of a name, or the one of a number.

    Args:
        home: Where.
        gallery: Name of the gallery.
        wanted: A name or a number.

    Raises:
        UnknownNameError: There is none.
    """
    named = [reference.id for reference in home.catalog.references.named(gallery, wanted)]
    if named:
        return named
    if wanted.isdecimal():
        known = home.catalog.references.many([int(wanted)]).get(int(wanted))
        if known is not None and known.gallery == gallery and known.removed_revision is None:
            return [known.id]
    raise UnknownNameError(f"no reference {wanted!r} in {gallery}; `lynkeus gallery show {gallery}` lists them")
