"""Removing references so that nothing of them stays, and the receipt for it.

After a removal no search finds a reference; its bytes go with the next compaction. When a purge ends, no file of the
home holds them: not the catalog, its write-ahead log, nor an index of any kind, whatever was killed before.
"""

from collections.abc import Sequence

from lynkeus.catalog import Removal
from lynkeus.core import UnknownNameError
from lynkeus.scan import library
from lynkeus.scan.home import Home


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
        purge: Blank all texts that tell of them, too, and leave their bytes in no file.

    Raises:
        UnknownNameError: There is no such gallery, entity or reference.
        ConflictError: The gallery has references, and ``force`` is False.
    """
    catalog = home.catalog
    if references:
        ids = [number for wanted in references for number in reference_ids(home, gallery, wanted)]
        removal = catalog.references.remove(ids, purge=purge)
    elif entity is not None:
        kind = catalog.galleries.get(gallery).kind
        removal = catalog.entities.remove(gallery, entity, kind=kind, purge=purge)
    else:
        removal = catalog.galleries.remove(gallery, force=force, purge=purge)
    if purge:
        clean_files(home)
    return removal


def clean_files(home: Home) -> None:
    """Leave the bytes of removed references in no file of the home; waits for processes that write an index."""
    library.clear(home.index)
    for kind in sorted({gallery.kind for gallery in home.galleries().values()}):
        home.lane(kind).library.compact()


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
