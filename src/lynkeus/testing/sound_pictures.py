"""Small valid picture files in every format and many pixel layouts.

Source: ours; encoded by Pillow. The hostile files are made from these files.
"""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def made_picture(rng: np.random.Generator, width: int = 96, height: int = 64) -> UInt8[np.ndarray, "h w 3"]:
    """A picture with slopes, edges, discs and a little noise, different in each corner.

    Args:
        rng: Source of the places and colours of the discs, and of the noise.
        width: Pixels.
        height: Pixels.
    """
    y, x = np.mgrid[:height, :width]
    picture = np.stack([255 * x / width, 255 * y / height, 255 * (x + y) / (width + height)], axis=2)
    for _ in range(6):
        middle = rng.uniform((0, 0), (width, height))
        inside = np.hypot(x - middle[0], y - middle[1]) < rng.uniform(0.05, 0.25) * height
        picture[inside] = rng.uniform(0, 255, 3)
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def sound_pictures(rng: np.random.Generator) -> dict[str, bytes]:
    """Valid files by name; the suffix of the name is the format, such as ``grey.png``.

    The same generator gives the same bytes, except for ``animated.avif``, which contains its creation time.

    Args:
        rng: Source of the picture that all files show.
    """
    colour = Image.fromarray(made_picture(rng))
    ramp = np.linspace(0, 65535, 96 * 64).reshape(64, 96)
    alpha = Image.fromarray((ramp / 257).astype(np.uint8))
    clear = colour.copy()
    clear.putalpha(alpha)
    deep = Image.fromarray(ramp.astype(np.uint16))
    frames = [colour.rotate(20 * turn) for turn in range(1, 5)]
    return {
        "baseline.jpg": _encoded(colour, "JPEG", quality=85),
        "progressive.jpg": _encoded(colour, "JPEG", quality=85, progressive=True),
        "grey.jpg": _encoded(colour.convert("L"), "JPEG"),
        "cmyk.jpg": _encoded(colour.convert("CMYK"), "JPEG"),
        "colour.png": _encoded(colour, "PNG"),
        "clear.png": _encoded(clear, "PNG"),
        "palette.png": _encoded(colour.quantize(32), "PNG"),
        "deep.png": _encoded(deep, "PNG"),
        "bits.png": _encoded(colour.convert("1"), "PNG"),
        "animated.png": _encoded(colour, "PNG", save_all=True, append_images=frames),
        "lossy.webp": _encoded(colour, "WEBP", quality=80),
        "clear.webp": _encoded(clear, "WEBP", lossless=True),
        "animated.webp": _encoded(colour, "WEBP", save_all=True, append_images=frames),
        "still.gif": _encoded(colour, "GIF"),
        "animated.gif": _encoded(colour, "GIF", save_all=True, append_images=frames),
        "colour.bmp": _encoded(colour, "BMP"),
        "palette.bmp": _encoded(colour.quantize(16), "BMP"),
        "plain.tif": _encoded(colour, "TIFF"),
        "lzw.tif": _encoded(colour, "TIFF", compression="tiff_lzw"),
        "deflate.tif": _encoded(colour, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": _encoded(colour, "TIFF", compression="jpeg"),
        "deep.tif": _encoded(deep, "TIFF"),
        "pages.tif": _encoded(colour, "TIFF", save_all=True, append_images=frames),
        "colour.avif": _encoded(colour, "AVIF", quality=80),
        "animated.avif": _encoded(colour, "AVIF", save_all=True, append_images=frames),
        "clear.avif": _encoded(clear, "AVIF", quality=80),
    }


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
