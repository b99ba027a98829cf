"""What all the readers of containers give back.

Source: ours. Decoders are written in C and trust much of what a file says about itself. So each format
has a small strict reader in Python which walks the file's outer structure in bounded time, and writes a
new file that holds the first picture and nothing else: no text, no EXIF, no further frames or pages. Only
that file reaches the decoder.
"""

from dataclasses import dataclass

from lynkeus.core.errors import UnreadableError

PROFILE_BYTES = 4 << 20  # larger colour profiles are ignored; those of printing presses take up to 3 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One picture file, taken apart but not decoded.

    Attributes:
        format: ``JPEG``, ``PNG``, ``WebP``, ``GIF``, ``BMP``, ``TIFF`` or ``AVIF``.
        width: Width as stored, before the orientation is applied, pixels.
        height: Height likewise.
        bare: A file of the same format with the first picture and nothing else.
        orientation: EXIF orientation, 1 to 8; 1 where the file has none or nonsense.
        profile: ICC profile as stored; empty where there is none.
        depth: Bits of one stored sample.
        negative: The decoder gives these values inverted.
        frame: Left, top, right, bottom of the part that is stored; outside it the picture is white.
            None where all of it is stored.
        held: Bytes that the decoder holds beside the picture while it works.
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
    """The error for a file whose structure is broken, or hostile."""
    return UnreadableError(f"damaged {kind}: {what}")
