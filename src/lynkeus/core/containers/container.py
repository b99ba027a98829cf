"""The result of every container parser.

Source: ours. Decoders are written in C and trust much of what a file claims. So each format has a small strict
parser in Python. The parser walks the outer structure of the file in bounded time and writes a new file that holds
only the first picture: no text, no EXIF, no further frames or pages. Only the new file reaches the decoder.
"""

from dataclasses import dataclass

from lynkeus.core.errors import UnreadableError

PROFILE_BYTES = 4 << 20  # larger colour profiles are ignored; profiles of printing presses take up to 3 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One picture file, parsed but not decoded.

    Attributes:
        format: ``JPEG``, ``PNG``, ``WebP``, ``GIF``, ``BMP``, ``TIFF`` or ``AVIF``.
        width: Width as stored, before the orientation is applied, pixels.
        height: Height as stored, pixels.
        bare: A file of the same format that holds only the first picture.
        orientation: EXIF orientation, 1 to 8; 1 if the file has none or an invalid one.
        profile: ICC profile as stored; empty if the file has none.
        depth: Bits of one stored sample.
        negative: The decoder inverts the values of this file.
        frame: Left, top, right, bottom of the stored part; the picture is white outside this part. None if the
            file stores the whole picture.
        held: Bytes that the decoder needs in addition to the picture.
    """

    format: str
    width: int
    height: int
    bare: bytes
    orientation: int = 1
    profile: bytes = b""
    depth: int = 8
    negative: bool = False
    frame: tuple[int, int, int, int] | None = None
    held: int = 0


def truncated(what: str) -> UnreadableError:
    """The error for a file that ends too early."""
    return UnreadableError(f"truncated: {what}")


def damaged(kind: str, what: str) -> UnreadableError:
    """The error for a file with a broken or hostile structure."""
    return UnreadableError(f"damaged {kind}: {what}")
