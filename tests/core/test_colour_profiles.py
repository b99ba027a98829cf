"""ICC profiles apply if they help, and never prevent reading."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from lynkeus.core import read_picture
from lynkeus.core.colour import apply_profile, srgb_transform
from lynkeus.testing import made_picture

COLOURS = made_picture(np.random.default_rng(4))
SRGB_PRIMARIES = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
WIDE_PRIMARIES = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def matrix_profile(primaries: tuple[tuple[float, float, float], ...], gamma: float) -> bytes:
    """A display profile with three primaries (D50) and one gamma, after ICC.1:2001."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * gamma)) + b"\0\0"
    tags = {b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249)}
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(*primary)
        tags[bytes([letter]) + b"TRC"] = curve
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + bytes(80)
    tags[b"cprt"] = b"text\0\0\0\0none\0"
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    return (head.ljust(36, b"\0") + b"acsp").ljust(68, b"\0").ljust(80, b"\0").ljust(128, b"\0") + table + body


WIDE = matrix_profile(WIDE_PRIMARIES, 2.2)


def encoded(rgb: np.ndarray, kind: str, profile: bytes, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind, icc_profile=profile, **options)
    return buffer.getvalue()


def in_srgb(rgb: np.ndarray) -> np.ndarray:
    """The colour of a wide-gamut picture by the formula, not by the library under test."""
    linear = (rgb / 255.0) ** 2.2 @ np.array(WIDE_PRIMARIES)
    mixed = np.clip(linear @ np.linalg.inv(np.array(SRGB_PRIMARIES)), 0, 1)
    coded = np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    return np.rint(255 * coded)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100, "subsampling": 0})],
)
def test_wide_gamut_pictures_come_out_in_srgb(kind: str, options: dict[str, object]) -> None:
    picture = read_picture(encoded(COLOURS, kind, WIDE, **options))
    assert np.abs(picture.rgb - in_srgb(COLOURS)).mean() < (3 if kind == "JPEG" else 1)
    assert np.abs(picture.rgb - COLOURS.astype(int)).mean() > 5


def test_wide_gamut_avif_comes_out_in_srgb() -> None:
    picture = read_picture(encoded(COLOURS, "AVIF", WIDE, quality=100, subsampling="4:4:4"))
    assert np.abs(picture.rgb - in_srgb(COLOURS)).mean() < 5


def test_a_profile_that_names_itself_srgb_is_not_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert srgb_transform(profile, "RGB") is None
    np.testing.assert_array_equal(read_picture(encoded(COLOURS, "PNG", profile)).rgb, COLOURS)


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"no profile",
        WIDE[:100],
        WIDE[:200],
        WIDE[:16] + b"CMYK" + WIDE[20:],
        WIDE[:16] + b"GRAY" + WIDE[20:],
        WIDE[:36] + b"xxxx" + WIDE[40:],
        WIDE[:128] + b"\xff" * 400,
        bytes(5_000_000),
    ],
    ids=["none", "text", "short", "cut", "cmyk", "grey", "unsigned", "tags", "large"],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_broken_or_foreign_profile_is_ignored(kind: str, profile: bytes) -> None:
    np.testing.assert_array_equal(read_picture(encoded(COLOURS, kind, profile)).rgb, COLOURS)


def test_a_broken_profile_of_a_cmyk_picture_is_ignored() -> None:
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(buffer, "JPEG", icc_profile=WIDE[:16] + b"CMYK" + WIDE[20:])
    np.testing.assert_allclose(read_picture(buffer.getvalue()).rgb[0, 0].astype(int), [0, 255, 255], atol=3)


def test_bands_of_a_large_picture_get_the_same_colours() -> None:
    large = np.tile(COLOURS, (20, 12, 1))
    np.testing.assert_array_equal(apply_profile(large, WIDE)[:64, :96], apply_profile(COLOURS, WIDE))
    np.testing.assert_array_equal(apply_profile(large, WIDE)[-64:, -96:], apply_profile(COLOURS, WIDE))
