"""References and receipts of removals, as rows and as lines of text."""

import json

from lynkeus.catalog import Reference, Removal


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
    """The receipt of a removal, as text or JSON."""
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
        words += "; a reader still holds the write-ahead log: run the command again later"
    for copy in removal.kept_copies:
        words += f"\n{copy} was kept by a restore and may still hold the references"
    return words
