"""TIFF and BigTIFF files; only the first page is read.

Source: Adobe, TIFF 6.0 (1992); BigTIFF (Aware Systems).
Kept: the tags that define the storage of the pixels. A new directory at the end of the file holds only these tags, so
no reader follows the chain of pages or the offset of any other tag.
"""

import struct
from dataclasses import dataclass

from lynkeus.core.containers.container import PROFILE_BYTES, Container, damaged, truncated
from lynkeus.core.errors import UnreadableError

# Tag numbers, TIFF 6.0, appendix A; the profile's tag is from ICC.1, annex B.
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES = 273, 274, 277, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _PROFILE = 322, 323, 324, 325, 34675
# Tags that hold exactly one value, tags that the new directory keeps, and compressions that Pillow's libtiff decodes.
_SINGLE = frozenset({256, 257, 259, 262, 266, 274, 277, 278, 284, 292, 293, 317, 322, 323})
_KEPT = (_SINGLE - {_ORIENTATION}) | {258, 273, 279, 320, 324, 325, 338, 339, 347, 530}
_COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000})
# Bytes of each field type, and the struct code of the integer types: TIFF 6.0, section 2, and BigTIFF's 64-bit types.
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MOST_ENTRIES = 4_096  # bounds the time of a hostile file; sound directories have some dozens
_MOST_VALUES = 200_000  # 64 megapixels have 8,000 strips of one row or 16,000 tiles of 64 x 64
_LARGE_TILE = 1 << 22  # pixels; a small picture may have one large tile; the exact value hardly matters


@dataclass(frozen=True, slots=True)
class _Layout:
    """How TIFF or BigTIFF stores a directory."""

    order: str
    head: int  # bytes of the header
    offset: str
    count: str
    entry: str
    entry_bytes: int


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    entry: bytes
    body: bytes


def open_tiff(raw: bytes) -> Container:
    """Parse a TIFF file.

    Raises:
        UnreadableError: The file is truncated, damaged, or of a kind that is not read.
    """
    layout = _layout(raw)
    try:
        entries = _read_directory(raw, layout)
    except (struct.error, OverflowError) as error:
        raise truncated("the TIFF ends within its directory") from error
    page = _Page(entries, layout.order)
    width, height = page.single(_WIDTH), page.single(_HEIGHT)
    compression = page.single(_COMPRESSION, 1)
    if compression not in _COMPRESSIONS:
        raise UnreadableError(f"a TIFF with compression {compression}, which is not read")
    if not 1 <= page.single(_SAMPLES, 1) <= 8:
        raise UnreadableError("a TIFF with more than 8 samples per pixel, which is not read")
    _check_pieces(page, width * height, len(raw))
    depth = (page.values(_BITS) or [1])[0]
    orientation = page.single(_ORIENTATION, 1)
    profile = entries[_PROFILE].body if _PROFILE in entries else b""
    return Container(
        format="TIFF",
        width=width,
        height=height,
        bare=_rewrite(raw, layout, entries),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        profile=profile if len(profile) <= PROFILE_BYTES else b"",
        depth=depth,
        negative=page.single(_PHOTOMETRIC, 1) == 0 and depth > 8,
    )


class _Page:
    """The values of one directory."""

    def __init__(self, entries: dict[int, _Entry], order: str) -> None:
        self._entries = entries
        self._order = order

    def values(self, tag: int) -> list[int]:
        """The whole numbers of a tag; empty if the page lacks the tag."""
        entry = self._entries.get(tag)
        if entry is None:
            return []
        letter = _INTEGERS.get(entry.kind)
        if letter is None:
            raise damaged("TIFF", f"tag {tag} holds no whole numbers")
        return list(struct.unpack(f"{self._order}{entry.count}{letter}", entry.body))

    def single(self, tag: int, otherwise: int | None = None) -> int:
        """The one value of a tag."""
        values = self.values(tag)
        if len(values) == 1:
            return values[0]
        if values or otherwise is None:
            raise damaged("TIFF", f"tag {tag} has {len(values)} values")
        return otherwise


def _layout(raw: bytes) -> _Layout:
    order = "<" if raw[:2] == b"II" else ">"
    if raw[2:4] in {b"+\0", b"\0+"}:
        return _Layout(order, 16, f"{order}Q", f"{order}Q", f"{order}HHQ", 20)
    return _Layout(order, 8, f"{order}I", f"{order}H", f"{order}HHI", 12)


def _read_directory(raw: bytes, layout: _Layout) -> dict[int, _Entry]:
    """The needed entries of the first directory, each with its bytes."""
    field = struct.calcsize(layout.offset)
    (start,) = struct.unpack_from(layout.offset, raw, layout.head - field)
    (number,) = struct.unpack_from(layout.count, raw, start)
    if number > _MOST_ENTRIES:
        raise damaged("TIFF", f"more than {_MOST_ENTRIES:,} tags")
    first = start + struct.calcsize(layout.count)
    entries: dict[int, _Entry] = {}
    for position in range(first, first + number * layout.entry_bytes, layout.entry_bytes):
        tag, kind, count = struct.unpack_from(layout.entry, raw, position)
        if tag in entries or tag not in _KEPT | {_ORIENTATION, _PROFILE}:
            continue
        size = _TYPE_BYTES.get(kind, 0) * count
        if not size or (count > _MOST_VALUES and tag != _PROFILE):
            raise damaged("TIFF", f"tag {tag} has {count:,} values of type {kind}")
        end = position + layout.entry_bytes
        (offset,) = (end - field,) if size <= field else struct.unpack_from(layout.offset, raw, end - field)
        if offset + size > len(raw):
            raise truncated(f"tag {tag} of the TIFF lies after the end of the file")
        entries[tag] = _Entry(kind, count, raw[position:end], raw[offset : offset + size])
    return entries


def _check_pieces(page: _Page, pixels: int, file_bytes: int) -> None:
    """Refuse strips or tiles that lie outside the file, overlap, or are much larger than the page."""
    offsets = page.values(_STRIPS) or page.values(_TILES)
    lengths = page.values(_STRIP_BYTES) or page.values(_TILE_BYTES)
    if not offsets:
        raise damaged("TIFF", "no strips or tiles")
    if max(offsets) >= file_bytes:
        raise truncated("a strip of the TIFF lies after the end of the file")
    if lengths:
        if any(offset + length > file_bytes for offset, length in zip(offsets, lengths, strict=False)):
            raise truncated("a strip of the TIFF is cut off")
        if sum(lengths) > 2 * file_bytes:
            raise damaged("TIFF", "its strips overlap")
    tile = page.single(_TILE_WIDTH, 0) * page.single(_TILE_HEIGHT, 0)
    if tile > max(4 * pixels, _LARGE_TILE):
        raise damaged("TIFF", "tiles much larger than the picture")


def _rewrite(raw: bytes, layout: _Layout, entries: dict[int, _Entry]) -> bytes:
    """The file with a new directory that holds only the kept tags and no next page."""
    kept = [entries[tag].entry for tag in sorted(entries) if tag in _KEPT]
    padding = b"\0" * (-len(raw) % 8)
    field = struct.calcsize(layout.offset)
    start = struct.pack(layout.offset, len(raw) + len(padding))
    number = struct.pack(layout.count, len(kept))
    head = [raw[: layout.head - field], start]
    return b"".join([*head, raw[layout.head :], padding, number, *kept, b"\0" * 8])
