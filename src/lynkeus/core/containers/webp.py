"""WebP files; only the first frame of an animation is read.

Source: RFC 9649, sections 2 and 3.
Kept: the picture and its alpha, or the first frame of an animation. The decoder keeps four copies of the canvas.
"""

import struct

from lynkeus.core.containers.container import PROFILE_BYTES, Container, damaged, truncated
from lynkeus.core.containers.orientation import exif_orientation

_MOST_CHUNKS = 20_000  # bounds the time of a hostile file; far above sound files, the exact value hardly matters
_BITSTREAMS = frozenset({b"VP8 ", b"VP8L"})  # lossy and lossless pixels, RFC 9649, sections 2.5 and 2.6


def open_webp(raw: bytes) -> Container:
    """Parse a WebP file.

    Raises:
        UnreadableError: The file is truncated or damaged.
    """
    chunks = _read_chunks(raw)
    picture = next((c for name in (b"ANMF", b"VP8 ", b"VP8L") if (c := chunks.get(name))), None)
    if picture is None:
        raise damaged("WebP", "it holds no picture")
    head = chunks.get(b"VP8X", b"")
    if head and len(head) < 18:
        raise damaged("WebP", "a short header")
    kept = [picture]
    if head:
        before = b"ANIM" if picture[:4] == b"ANMF" else b"ALPH"
        kept = [head, chunks.get(before, b""), picture]
    body = b"WEBP" + b"".join(kept)
    width, height = _size(head or picture)
    return Container(
        format="WebP",
        width=width,
        height=height,
        bare=b"RIFF" + struct.pack("<I", len(body)) + body,
        orientation=exif_orientation(chunks.get(b"EXIF", b"")[8:]),
        profile=chunks.get(b"ICCP", b"")[8 : 8 + PROFILE_BYTES],
        held=12 * width * height,
    )


def _read_chunks(raw: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name, with name, size and padding."""
    if len(raw) < 20:
        raise truncated("the WebP ends in its header")
    (size,) = struct.unpack_from("<I", raw, 4)
    if size + 8 > len(raw):
        raise truncated("the end of the WebP is missing")
    chunks: dict[bytes, bytes] = {}
    position, end = 12, size + 8
    for _ in range(_MOST_CHUNKS):
        if position + 8 > end:
            return chunks
        name, length = struct.unpack_from("<4sI", raw, position)
        after = position + 8 + length + (length & 1)
        if after > end + (length & 1):
            raise truncated("a chunk of the WebP is cut off")
        chunks.setdefault(name, raw[position:after].ljust(8 + length + (length & 1), b"\0"))
        if name in _BITSTREAMS and b"VP8X" not in chunks:
            return chunks
        position = after
    raise damaged("WebP", f"more than {_MOST_CHUNKS:,} chunks")


def _size(chunk: bytes) -> tuple[int, int]:
    """Width and height from the first chunk."""
    name = chunk[:4]
    if name == b"VP8X":
        return 1 + int.from_bytes(chunk[12:15], "little"), 1 + int.from_bytes(chunk[15:18], "little")
    if name == b"VP8 " and chunk[11:14] == b"\x9d\x01\x2a" and len(chunk) >= 18:
        width, height = struct.unpack_from("<HH", chunk, 14)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and chunk[8:9] == b"\x2f" and len(chunk) >= 13:
        (bits,) = struct.unpack_from("<I", chunk, 9)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise damaged("WebP", "a bitstream without size")
