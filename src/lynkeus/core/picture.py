"""Read a picture from hostile bytes: format by content, upright, in sRGB, within limits.

JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF are read; a file with several frames or pages gives the first. Each file is
first parsed (`lynkeus.core.containers`), so limits are checked before a pixel is decoded, and no decoder sees text,
EXIF or further frames. A truncated file is refused even if most of the picture is there: somebody may want to hide
the missing part.
"""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from lynkeus.core.colour import apply_profile
from lynkeus.core.containers import HEAD_BYTES, Container, open_container, picture_format
from lynkeus.core.containers.orientation import exif_orientation
from lynkeus.core.errors import UnreadableError
from lynkeus.core.file_bytes import file_bytes
from lynkeus.core.pixels import to_rgb
from lynkeus.core.quiet_tiff import silence_libtiff
from lynkeus.core.resizing import fit, shrink, turn_upright

# Pillow's decoder of each format, called directly, so that Pillow never guesses the format.
_DECODERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
    "AVIF": AvifImageFile,
}
# Everything that Pillow and its plugins raise for broken bytes; each is a fault of the file, never of our code.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_COMPLAINTS = {  # a decoder's words, and ours for the user
    "not identified by this driver": "its header contradicts itself",
    "decoder error": "its compressed pixels are broken",
    "broken data stream": "its compressed pixels are broken",
    "unrecognized data stream": "its compressed pixels are broken",
    "codec configuration error": "its compressed pixels are broken",
    "unknown pixel mode": "its pixels are stored in a way that is not read",
    "not enough image data": "its compressed pixels are too few",
}
_MOST_HELD = 336 << 20  # bytes; keeps the memory for any picture within the limits under about 700 MB
_LONGEST_REASON = 100  # letters; a reason fits on one line of a report, the exact value hardly matters


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The largest upload that is read; anything beyond is refused.

    Attributes:
        max_bytes: Size of the file, bytes.
        max_pixels: Width times height at full size. The limit is lower for a decoder that needs more memory than the
            picture: WebP up to 29, AVIF up to 35, progressive JPEG without reduced colour up to 58 megapixels.
        max_ratio: Largest longer side / shorter side.
        min_side: Smallest shorter side, pixels.
    """

    max_bytes: int = 64 << 20
    max_pixels: int = 64_000_000
    max_ratio: float = 50.0
    min_side: int = 8


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: Pixels, upright, sRGB, 0 to 255, alpha over white; possibly reduced.
        width: Width of the upright picture at full size, pixels.
        height: Height of the upright picture at full size, pixels.
        digest: SHA-256 of the file's bytes, hexadecimal.
    """

    rgb: UInt8[np.ndarray, "h w 3"]
    width: int
    height: int
    digest: str


def read_picture(source: Path | bytes, *, max_side: int | None = None, limits: Limits | None = None) -> Picture:
    """Decode a picture.

    Args:
        source: A path or the file's bytes.
        max_side: Longest side of the result, pixels. A larger picture is reduced; a smaller picture is not enlarged.
            None keeps the full size.
        limits: Limits of an upload; None takes the defaults.

    Raises:
        UnreadableError: The file is missing, too large, or not a picture; the text gives the reason.
        ValueError: ``max_side`` is below 1.
    """
    if max_side is not None and max_side < 1:
        raise ValueError(f"max_side is {max_side}, must be 1 or more")
    limits = limits or Limits()
    raw = source if isinstance(source, bytes) else file_bytes(source, limits.max_bytes)
    if len(raw) > limits.max_bytes:
        raise UnreadableError(f"too large: {len(raw):,} bytes, at most {limits.max_bytes:,} are read")
    digest, kind = hashlib.sha256(raw).hexdigest(), picture_format(raw[:HEAD_BYTES])
    try:
        container = open_container(raw)
        del raw
        _check(container.width, container.height, container.held, limits)
        rgb, width, height = _decode(container, max_side)
    except MemoryError as error:
        raise UnreadableError("not enough memory to decode it") from error
    except UnreadableError:
        raise
    except _DECODER_ERRORS as error:
        raise UnreadableError(_reason(kind, error)) from error
    return Picture(rgb=rgb, width=width, height=height, digest=digest)


def _check(width: int, height: int, held: int, limits: Limits) -> None:
    """Refuse a picture whose size is outside the limits."""
    size = f"{width:,} x {height:,} pixels"
    shorter, longer = sorted((width, height))
    if shorter < limits.min_side:
        raise UnreadableError(f"too small: {size}, each side must have {limits.min_side} or more")
    if width * height > limits.max_pixels:
        raise UnreadableError(f"too many pixels: {size}, at most {limits.max_pixels:,} are read")
    if longer > limits.max_ratio * shorter:
        raise UnreadableError(f"too narrow: {size}, the sides may differ {limits.max_ratio:g} times")
    if held > _MOST_HELD:
        raise UnreadableError(f"too many pixels: {size} stored in this way need too much memory")


def _decode(container: Container, max_side: int | None) -> tuple[np.ndarray, int, int]:
    """Upright pixels, and width and height of the upright picture at full size."""
    if container.format == "TIFF":
        silence_libtiff()
    with _DECODERS[container.format](io.BytesIO(container.bare)) as image:
        orientation, profile = container.orientation, container.profile
        if container.format == "AVIF":
            orientation = exif_orientation(image.info.get("exif", b""))
            profile = image.info.get("icc_profile", b"")
        width, height = image.size
        if (width, height) != (container.width, container.height):
            raise UnreadableError(f"damaged {container.format}: it gives two sizes")
        wanted = fit(width, height, max_side)
        if container.format == "JPEG" and wanted != (width, height):
            image.draft(None, wanted)
        image.decodermaxblock = len(container.bare)  # fed in pieces, Pillow scans long runs again and again
        image.load()
        cmyk = image.mode == "CMYK"
        rgb = to_rgb(image, container)
    if container.frame is not None:
        rgb = _on_white(rgb, container.frame)
    rgb = shrink(rgb, *wanted)
    if not cmyk:
        rgb = apply_profile(rgb, profile)
    if orientation >= 5:
        width, height = height, width
    return turn_upright(rgb, orientation), width, height


def _on_white(rgb: np.ndarray, frame: tuple[int, int, int, int]) -> np.ndarray:
    """Paint everything outside the stored frame white."""
    left, top, right, bottom = frame
    whole = np.full_like(rgb, 255)
    whole[top:bottom, left:right] = rgb[top:bottom, left:right]
    return whole


def _reason(kind: str | None, error: Exception) -> str:
    """A decoder's complaint in a few words, without memory addresses."""
    text = str(error)
    if "truncated" in text or isinstance(error, EOFError):
        return f"truncated: some pixels of the {kind} are missing"
    known = next((ours for theirs, ours in _COMPLAINTS.items() if theirs in text), None)
    return f"damaged {kind}: {known or text.partition(' <')[0][:_LONGEST_REASON] or type(error).__name__}"
