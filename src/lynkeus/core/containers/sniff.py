"""Detect the format of a file from its first bytes, never from its name."""

from collections.abc import Callable

from lynkeus.core.containers.avif import open_avif
from lynkeus.core.containers.bmp import HEADER_BYTES, open_bmp
from lynkeus.core.containers.container import Container
from lynkeus.core.containers.gif import open_gif
from lynkeus.core.containers.jpeg import open_jpeg
from lynkeus.core.containers.png import open_png
from lynkeus.core.containers.tiff import open_tiff
from lynkeus.core.containers.webp import open_webp
from lynkeus.core.errors import UnreadableError

# The parser of each format.
_OPENERS: dict[str, Callable[[bytes], Container]] = {
    "JPEG": open_jpeg,
    "PNG": open_png,
    "WebP": open_webp,
    "GIF": open_gif,
    "BMP": open_bmp,
    "TIFF": open_tiff,
    "AVIF": open_avif,
}
# First bytes of the formats that are read, from their specifications.
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}
# First bytes of common files that are not read, so that the reason can name them.
_FOREIGN = {
    b"%PDF-": "a PDF",
    b"8BPS": "a Photoshop file",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\0\0\x01\0": "an icon file",
    b"<svg": "an SVG drawing",
    b"PK\x03\x04": "a ZIP archive",
}
# Brands of an ISO media file that mean AVIF (AV1 Image File Format v1.1) and HEIF (ISO/IEC 23008-12).
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
HEAD_BYTES = 64  # enough to detect every format above


def picture_format(head: bytes) -> str | None:
    """The picture format of a file that starts with these bytes; None for anything else.

    Args:
        head: At least the first 64 bytes of the file, or the whole of a shorter file.

    >>> picture_format(b"GIF89a and so on")
    'GIF'
    """
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in HEADER_BYTES:
        return "BMP"
    return "AVIF" if _brands(head) & _AVIF_BRANDS else None


def open_container(raw: bytes) -> Container:
    """Parse a picture file without decoding the pixels.

    Raises:
        UnreadableError: The bytes are not a picture, or the picture is damaged, truncated or hostile.
    """
    if not raw:
        raise UnreadableError("empty file")
    name = picture_format(raw[:HEAD_BYTES])
    if name is None:
        raise UnreadableError(_describe(raw[:HEAD_BYTES]))
    return _OPENERS[name](raw)


def _brands(head: bytes) -> set[bytes]:
    """Brands of an ISO media file; empty for other files."""
    if head[4:8] != b"ftyp":
        return set()
    length = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}


def _describe(head: bytes) -> str:
    """Why these bytes are not a picture that is read."""
    brands = _brands(head)
    if brands & _HEIF_BRANDS:
        return "a HEIF picture, which is not read"
    if brands:
        return "not a picture: a video or another media file"
    for start, name in _FOREIGN.items():
        if head.startswith(start):
            return f"{name}, which is not read"
    first = head[:8]
    text = first.decode("ascii", "replace")
    shown = text if first.isascii() and text.isprintable() else first.hex(" ")
    return f"not a picture: starts with {shown}"
