"""Convert any mode that Pillow decodes to 8-bit RGB, not yet upright.

Conventions: alpha is laid over white. Samples of 16 and 12 bits keep their upper 8 bits. Floats and 32-bit integers
have no agreed range: values within [0, 1] or [0, 255] keep that range, and any other range is stretched from its
minimum to its maximum. Large pictures are converted in bands of rows, so at most one full copy exists beside the
decoded picture.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageChops, ImageCms

from lynkeus.core.colour import lab_transform, srgb_transform
from lynkeus.core.containers import Container

_BAND_PIXELS = 1 << 20  # pixels per band, which bounds the memory; the exact value hardly matters
# Pillow's modes of 16-bit samples, and of 32-bit integers and floats.
_SIXTEEN_BIT = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_UNBOUNDED = frozenset({"I", "F"})


def to_rgb(image: Image.Image, container: Container) -> UInt8[np.ndarray, "h w 3"]:
    """The pixels of a decoded picture in RGB, in stored orientation.

    Args:
        image: The decoded picture, possibly reduced.
        container: The parsed file of the picture.
    """
    convert = _converter(image, container)
    width, height = image.size
    if width * height <= _BAND_PIXELS:
        return convert(image)
    rgb = np.empty((height, width, 3), np.uint8)
    top = 0
    for band in _bands(image):
        rgb[top : top + band.height] = convert(band)
        top += band.height
    return rgb


def _bands(image: Image.Image) -> Iterator[Image.Image]:
    """The picture in bands of rows, from top to bottom."""
    width, height = image.size
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height)))


def _converter(image: Image.Image, container: Container) -> Callable[[Image.Image], np.ndarray]:
    """The function that converts one band of this picture to RGB."""
    if image.mode in _SIXTEEN_BIT:
        clear = image.info.get("transparency")
        return lambda band: _from_sixteen_bit(band, container, clear)
    if image.mode in _UNBOUNDED:
        low, high = _value_range(image)
        return lambda band: _from_unbounded(band, low, high, negative=container.negative)
    if image.mode == "CMYK":
        transform = srgb_transform(container.profile, "CMYK")
        return lambda band: _from_cmyk(band, transform, negative=container.negative)
    if image.mode == "LAB":
        return lambda band: np.asarray(lab_transform().apply(band))
    _scale_transparency(image, container.depth)
    return _over_white


def _over_white(band: Image.Image) -> np.ndarray:
    """Convert grey, palette, RGB and YCbCr, with or without alpha."""
    if not band.has_transparency_data:
        return np.asarray(band if band.mode == "RGB" else band.convert("RGB"))
    if band.mode == "La":
        band = band.convert("LA")
    rgba = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(rgba.convert("RGB"), mask=rgba.getchannel("A"))
    return np.asarray(white)


def _scale_transparency(image: Image.Image, depth: int) -> None:
    """Scale the transparent colour of a PNG from stored samples to the 8 bits of decoded samples."""
    clear = image.info.get("transparency")
    if image.mode == "L" and isinstance(clear, int) and depth < 8:
        image.info["transparency"] = clear * 255 // ((1 << depth) - 1)
    elif image.mode == "RGB" and isinstance(clear, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in clear)


def _from_sixteen_bit(band: Image.Image, container: Container, clear: object) -> np.ndarray:
    value = np.asarray(band)
    grey = (value >> (container.depth - 8)).astype(np.uint8)
    if container.negative:
        grey = 255 - grey
    if isinstance(clear, int):
        grey[value == clear] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _from_unbounded(band: Image.Image, low: float, high: float, *, negative: bool) -> np.ndarray:
    share = (np.asarray(band).clip(low, high) - low) * (255 / (high - low))
    grey = np.rint(np.nan_to_num(share, copy=False)).astype(np.uint8)
    if negative:
        grey = 255 - grey
    return np.repeat(grey[:, :, None], 3, axis=2)


def _value_range(image: Image.Image) -> tuple[float, float]:
    """The values that become black and white."""
    values = (np.asarray(band) for band in _bands(image))
    finite = (value[np.isfinite(value)] for value in values)
    ranges = [(float(value.min()), float(value.max())) for value in finite if value.size]
    if not ranges:
        return 0.0, 1.0
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if image.mode == "F" and high <= 1 else 255.0
    return low, high if high > low else low + 1


def _from_cmyk(band: Image.Image, transform: ImageCms.ImageCmsTransform | None, *, negative: bool) -> np.ndarray:
    ink = ImageChops.invert(band) if negative else band
    return np.asarray(transform.apply(ink) if transform is not None else ink.convert("RGB"))
