"""Convert ICC profiles to sRGB.

Source: ICC.1:2022; LittleCMS converts, through Pillow.
A picture is read with or without its profile. A profile that is damaged, of another colour space or over 4 MB is
ignored; the pixels then count as sRGB. A profile that names itself sRGB is not applied, which saves most pictures
the cost (about 10 ns per pixel, after the picture has been reduced).
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms

_NAMES_OF_SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))  # descriptions are ASCII in version 2, UTF-16 in version 4
_SPACES = {"RGB": b"RGB ", "CMYK": b"CMYK"}  # ICC.1:2022: signatures of colour spaces
_SMALLEST = 128  # bytes; the size of a profile's header
_ROWS_PIXELS = 1 << 20  # pixels per band, which bounds the memory; the exact value hardly matters


@lru_cache(maxsize=8)
def srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform from a profile to sRGB.

    Args:
        profile: ICC profile, possibly damaged; empty for no profile.
        mode: Pillow's mode of the pixels, ``RGB`` or ``CMYK``.

    Returns:
        The transform, or None if the pixels already count as sRGB.
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
    """The transform from CIE L*a*b* (D50) to sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")


def apply_profile(rgb: UInt8[np.ndarray, "h w 3"], profile: bytes) -> UInt8[np.ndarray, "h w 3"]:
    """The pixels in sRGB; the same array if the profile changes nothing."""
    transform = srgb_transform(profile, "RGB")
    if transform is None:
        return rgb
    rows = max(1, _ROWS_PIXELS // rgb.shape[1])
    out = np.empty_like(rgb)
    for top in range(0, len(rgb), rows):
        out[top : top + rows] = np.asarray(transform.apply(Image.fromarray(rgb[top : top + rows])))
    return out
