"""ICC profiles to sRGB.

Source: ICC.1:2022; the conversion is LittleCMS's, through Pillow.
A profile is an improvement, never a condition: one that is damaged, of another colour space or over 4 MB is
ignored, and the numbers are taken as sRGB. Profiles that name themselves sRGB are not applied, which spares
most pictures the cost (about 10 ns a pixel, after the picture has been reduced).
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms

_NAMES_OF_SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))
_SPACES = {"RGB": b"RGB ", "CMYK": b"CMYK"}
_SMALLEST = 128  # bytes of a profile's header
_ROWS_PIXELS = 1 << 20


@lru_cache(maxsize=8)
def srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB.

    Args:
        profile: ICC profile, perhaps damaged; empty for none.
        mode: ``RGB`` or ``CMYK``, Pillow's mode of the pixels.

    Returns:
        None where the pixels are to be taken as they are.
    """
    if len(profile) < _SMALLEST or profile[16:20] != _SPACES[mode]:
        return None
    if mode == "RGB" and any(name in profile for name in _NAMES_OF_SRGB):
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=1)
def lab_transform() -> ImageCms.ImageCmsTransform:
    """The way from CIE L*a*b* (D50) to sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")


def apply_profile(rgb: UInt8[np.ndarray, "h w 3"], profile: bytes) -> UInt8[np.ndarray, "h w 3"]:
    """The pixels in sRGB; the same array where the profile changes nothing."""
    transform = srgb_transform(profile, "RGB")
    if transform is None:
        return rgb
    rows = max(1, _ROWS_PIXELS // rgb.shape[1])
    out = np.empty_like(rgb)
    for top in range(0, len(rgb), rows):
        out[top : top + rows] = np.asarray(transform.apply(Image.fromarray(rgb[top : top + rows])))
    return out
