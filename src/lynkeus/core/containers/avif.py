"""AVIF files; only the primary picture of a sequence is read.

Source: AOMedia, AV1 Image File Format v1.1; ISO/IEC 14496-12 (boxes) and 23008-12 (items).
The container is not rewritten, because its parts refer to each other by offset. Two parts are renamed so that the
decoder ignores them: the EXIF item (the properties of an AVIF give the orientation, never EXIF) and the film of a
sequence. No AV1 stream may be larger than the size in the container.
"""

import re
import struct
from collections.abc import Iterator

from lynkeus.core.containers.av1 import largest_frame
from lynkeus.core.containers.container import Container, damaged, truncated

# These limits bound the time that a hostile file costs. They lie far above sound files; the exact values hardly matter.
_MOST_BOXES = 1_000
_MOST_ITEMS = 5_000
_MOST_STREAMS = 500
_MOST_EXTENTS = 20_000
_MOST_DESCRIPTION_BYTES = 4 << 20
# ISO/IEC 23008-12: the size property (width, height), and the item entry (id, type) in versions 2 and 3.
_SIZE = re.compile(rb"ispe\0\0\0\0(.{4})(.{4})", re.DOTALL)
_ITEM = re.compile(rb"infe(?:\x02.{3}(.{2}).{2}|\x03.{3}(.{4}).{2})(.{4})", re.DOTALL)
_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{3}.{4}|\x03.{3}.{6}))Exif", re.DOTALL)


def open_avif(raw: bytes) -> Container:
    """Parse an AVIF file.

    Raises:
        UnreadableError: The file is truncated or damaged.
    """
    boxes = _top_boxes(raw)
    meta = boxes.get(b"meta")
    if meta is None:
        raise damaged("AVIF", "it holds no picture")
    if meta[1] - meta[0] > _MOST_DESCRIPTION_BYTES:
        raise damaged("AVIF", f"a description of more than {_MOST_DESCRIPTION_BYTES:,} bytes")
    described = raw[meta[0] : meta[1]]
    sizes = [(int.from_bytes(w, "big"), int.from_bytes(h, "big")) for w, h in _SIZE.findall(described)]
    if not sizes:
        raise damaged("AVIF", "no picture size")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    _check_streams(raw, described, width, height)
    bare = bytearray(raw)
    bare[meta[0] : meta[1]] = _EXIF_ITEM.sub(rb"\1free", described)
    brands = slice(8, boxes[b"ftyp"][1])
    bare[brands] = raw[brands].replace(b"avis", b"avif")
    if film := boxes.get(b"moov"):
        bare[film[0] + 4 : film[0] + 8] = b"free"
    return Container(format="AVIF", width=width, height=height, bare=bytes(bare), held=10 * width * height)


def _top_boxes(raw: bytes) -> dict[bytes, tuple[int, int]]:
    """Start and end of the first top-level box of each kind."""
    boxes: dict[bytes, tuple[int, int]] = {}
    position = 0
    for _ in range(_MOST_BOXES):
        if position == len(raw):
            return boxes
        if position + 8 > len(raw):
            raise truncated("the AVIF ends within a box")
        length, name = struct.unpack_from(">I4s", raw, position)
        if length == 1 and position + 16 <= len(raw):
            (length,) = struct.unpack_from(">Q", raw, position + 8)
        end = position + length if length else len(raw)
        if end > len(raw):
            raise truncated("the AVIF ends within a box")
        if end < position + 8:
            raise damaged("AVIF", "a box without length")
        boxes.setdefault(name, (position, end))
        position = end
    raise damaged("AVIF", f"more than {_MOST_BOXES:,} boxes")


def _check_streams(raw: bytes, described: bytes, width: int, height: int) -> None:
    """Refuse a file with an AV1 stream that is larger than the file claims."""
    items = {(two or four).rjust(4, b"\0"): kind for two, four, kind in _ITEM.findall(described)}
    streams = {int.from_bytes(number, "big") for number, kind in items.items() if kind == b"av01"}
    if len(streams) > _MOST_STREAMS:
        raise damaged("AVIF", f"more than {_MOST_STREAMS:,} streams")
    try:
        found = [largest_frame(stream) for stream in _located(raw, described, streams)]
    except struct.error as error:
        raise damaged("AVIF", "the list of its items ends too early") from error
    if not found or None in found:
        raise damaged("AVIF", "an item without an AV1 stream")
    if any(size and (size[0] > width or size[1] > height) for size in found):
        raise damaged("AVIF", f"larger than the {width:,} x {height:,} pixels that it claims")


def _located(raw: bytes, described: bytes, wanted: set[int]) -> Iterator[bytes]:
    """The bytes of each wanted item."""
    start = described.find(b"iloc") + 4
    if start < 8:
        raise damaged("AVIF", "no list of its items")
    version, sizes = described[start], int.from_bytes(described[start + 4 : start + 6], "big")
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    reader = _Numbers(described, start + 6)
    number_bytes = 4 if version == 2 else 2
    inside = described.find(b"idat") + 4
    bytes_left, extents_left = 2 * len(raw), _MOST_EXTENTS
    for _ in range(min(reader.take(number_bytes), _MOST_ITEMS)):
        item = reader.take(number_bytes)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_bytes)
        parts: list[bytes] = []
        for _ in range(reader.take(2)):
            reader.take(index_bytes)
            first, length = base + reader.take(offset_bytes), reader.take(length_bytes)
            source, first = (described, inside + first) if method else (raw, first)
            if item in wanted:
                parts.append(source[first : first + length if length else None])
                bytes_left -= len(parts[-1])
            extents_left -= 1
            if bytes_left < 0 or extents_left < 0:
                raise damaged("AVIF", "its items overlap")
        if item in wanted:
            yield b"".join(parts)


class _Numbers:
    """Reads big-endian numbers of any number of bytes in order."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self._position = position

    def take(self, size: int) -> int:
        """The next number."""
        end = self._position + size
        if end > len(self._content):
            raise struct.error
        value = int.from_bytes(self._content[self._position : end], "big")
        self._position = end
        return value
