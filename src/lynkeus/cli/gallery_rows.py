"""References and receipts as rows and words."""

import json

from lynkeus.catalog import Reference, Removal
from lynkeus.core import UnknownNameError
from lynkeus.scan.home import Home


def reference_ids(home: Home, gallery: str, wanted: str) -> list[int]:
    """References of a name, or the one of a number."""
    named = [reference.id for reference in home.catalog.references.named(gallery, wanted)]
    if named:
        return named
    if wanted.isdecimal():
        known = home.catalog.references.many([int(wanted)]).get(int(wanted))
        if known is not None and known.gallery == gallery and known.removed_revision is None:
            return [known.id]
    raise UnknownNameError(f"no reference {wanted!r} in {gallery}; `lynkeus gallery show {gallery}` lists them")


def reference_row(reference: Reference) -> dict[str, object]:
    """A reference as a row."""
    return {
        "id": reference.id,
        "entity": reference.entity,
        "reference": reference.name,
        "source": reference.source,
        "digest": reference.digest,
        "width": reference.width,
        "height": reference.height,
    }


def reference_line(reference: Reference) -> str:
    """A reference as a line of text."""
    size = f"{reference.width} x {reference.height}"
    return f"{reference.id:>8}  {reference.entity}  {reference.name}  {size}  {reference.source}"


def receipt(removal: Removal, *, as_json: bool) -> str:
    """What was removed, as text or JSON."""
    if as_json:
        receipt = {
            "references": list(removal.ids),
            "blobs": removal.blobs,
            "revision": removal.revision,
            "purged": removal.purged,
            "wal_truncated": removal.wal_truncated,
            "kept_copies": list(removal.kept_copies),
        }
        return json.dumps(receipt)
    words = f"removed {len(removal.ids):,} references, {removal.blobs:,} stored items overwritten"
    if removal.purged and not removal.wal_truncated:
        words += "; the write-ahead log is still held by a reader: run it again later"
    for copy in removal.kept_copies:
        words += f"\n{copy} was set aside by a restore and may still hold them"
    return words
