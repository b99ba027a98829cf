"""PNG files; only the default picture of an animated PNG is read.

Source: W3C PNG specification, third edition, section 5 and 11.
Kept: header, palette, transparency, pixels. A file without its end chunk is truncated.
"""

import struct
import zlib

from lynkeus.core.containers.container import PROFILE_BYTES, Container, damaged, truncated
from lynkeus.core.containers.orientation import exif_orientation

_MOST_CHUNKS = 200_000  # bounds the time of a hostile file; encoders write one chunk per 8 kB or more of pixels
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})  # everything that a decoder needs
_PALETTE = 3  # colour type, section 11.2.1
# Bits per sample and colour type that the specification allows, section 11.2.1.
_KINDS = frozenset(
    {
        *((depth, 0) for depth in (1, 2, 4, 8, 16)),
        *((depth, _PALETTE) for depth in (1, 2, 4, 8)),
        *((depth, kind) for depth in (8, 16) for kind in (2, 4, 6)),
    }
)
_SIGNATURE = b"\x89PNG\r\n\x1a\n"  # section 5.2


def open_png(raw: bytes) -> Container:
    """Parse a PNG file.

    Raises:
        UnreadableError: The file is truncated or damaged.
    """
    if raw[12:16] != b"IHDR" or len(raw) < 33:
        raise truncated("the PNG ends in its header") if len(raw) < 33 else damaged("PNG", "no header")
    width, height, depth, kind = struct.unpack_from(">IIBB", raw, 16)
    if (depth, kind) not in _KINDS:
        raise damaged("PNG", f"{depth} bits per sample in colour type {kind}")
    kept, other = _read_chunks(raw)
    names = {chunk[4:8] for chunk in kept}
    if b"IDAT" not in names:
        raise damaged("PNG", "no pixels")
    if kind == _PALETTE and b"PLTE" not in names:
        raise damaged("PNG", "no palette")
    return Container(
        format="PNG",
        width=width,
        height=height,
        bare=b"".join([_SIGNATURE, *kept]),
        orientation=exif_orientation(other.get(b"eXIf", b"")),
        profile=_profile(other.get(b"iCCP", b"")),
        depth=depth,
    )


def _read_chunks(raw: bytes) -> tuple[list[bytes], dict[bytes, bytes]]:
    """The chunks to keep, and the bodies of the chunks with orientation and profile."""
    kept: list[bytes] = []
    other: dict[bytes, bytes] = {}
    position = len(_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(raw):
            raise truncated("the end of the PNG is missing")
        length, name = struct.unpack_from(">I4s", raw, position)
        end = position + 12 + length
        if end > len(raw):
            raise truncated("the end of the PNG is missing")
        if name in _KEPT:
            kept.append(raw[position:end])
        elif name in {b"eXIf", b"iCCP"}:
            other.setdefault(name, raw[position + 8 : end - 4])
        if name == b"IEND":
            return kept, other
        position = end
    raise damaged("PNG", f"more than {_MOST_CHUNKS:,} chunks")


def _profile(body: bytes) -> bytes:
    """The ICC profile in an ``iCCP`` chunk: a name, a zero, the method, then the compressed profile."""
    _, _, packed = body.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if unpacker.eof else b""
