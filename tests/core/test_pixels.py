"""Every pixel layout becomes the right 8-bit RGB."""

import io
import struct
import zlib
from typing import Literal

import numpy as np
import pytest
from PIL import Image, ImageCms

from lynkeus.core import pixels, read_picture
from lynkeus.testing import made_picture

SIDE = 16
RAMP16 = np.linspace(0, 65535, SIDE * SIDE).reshape(SIDE, SIDE).astype(np.uint16)
WHITE = 255


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values.astype(np.uint8)[:, :, None], 3, axis=2)


def png(depth: int, kind: int, rows: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG from rows of bytes."""
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, kind, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n"
    for name, content in [(b"IHDR", header), *chunks, (b"IDAT", packed), (b"IEND", b"")]:
        body += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return body


def tiff(order: Literal["<", ">"], values: np.ndarray, photometric: int, sample_format: int, bits: int) -> bytes:
    """A TIFF of one uncompressed strip."""
    samples = values.shape[2] if values.ndim == 3 else 1
    depth = (258, 3, 1, bits) if samples == 1 else (258, 3, samples, 400)
    entries = [(256, 4, 1, SIDE), (257, 4, 1, SIDE), depth, (259, 3, 1, 1), (262, 3, 1, photometric)]
    entries += [(273, 4, 1, 500), (277, 3, 1, samples), (278, 4, 1, SIDE), (279, 4, 1, values.nbytes)]
    entries += [(339, 3, 1, sample_format)] if samples == 1 else []
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = mark + struct.pack(f"{order}IH", 8, len(entries))
    for tag, kind, count, value in entries:
        inline = struct.pack(f"{order}Hxx", value) if kind == 3 and count == 1 else struct.pack(f"{order}I", value)
        body += struct.pack(f"{order}HHI", tag, kind, count) + inline
    body = body.ljust(400, b"\0") + struct.pack(f"{order}{samples}H", *[bits] * samples)
    return body.ljust(500, b"\0") + values.astype(values.dtype.newbyteorder(order)).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_upper_bits(kind: str) -> None:
    picture = read_picture(encoded(Image.fromarray(RAMP16), kind))
    np.testing.assert_array_equal(picture.rgb, grey(RAMP16 >> 8))


@pytest.mark.parametrize(("order", "photometric", "sign"), [("<", 1, 1), (">", 1, 1), ("<", 0, -1)])
def test_sixteen_bit_tiffs_of_both_orders_and_polarities(order: Literal["<", ">"], photometric: int, sign: int) -> None:
    picture = read_picture(tiff(order, RAMP16, photometric, 1, 16))
    upper = (RAMP16 >> 8).astype(int)
    np.testing.assert_array_equal(picture.rgb, grey(upper if sign > 0 else 255 - upper))


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_colour_tiffs_keep_their_upper_bits(order: Literal["<", ">"]) -> None:
    colour = np.stack([RAMP16, RAMP16[::-1], RAMP16.T], axis=2)
    np.testing.assert_array_equal(read_picture(tiff(order, colour, 2, 1, 16)).rgb, (colour >> 8).astype(np.uint8))


def test_sixteen_bit_colour_pngs_keep_their_upper_bits() -> None:
    colour = np.stack([RAMP16, RAMP16[::-1], RAMP16.T], axis=2)
    raw = png(16, 2, colour.astype(">u2").reshape(SIDE, -1))
    np.testing.assert_array_equal(read_picture(raw).rgb, (colour >> 8).astype(np.uint8))


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (np.linspace(0, 1, SIDE * SIDE), 0, 1),
        (np.linspace(0, 0.5, SIDE * SIDE), 0, 1),
        (np.linspace(0, 200, SIDE * SIDE), 0, 255),
        (np.linspace(-3, 5, SIDE * SIDE), -3, 5),
        (np.linspace(100, 9000, SIDE * SIDE), 100, 9000),
    ],
)
def test_floats_are_shares_bytes_or_stretched(values: np.ndarray, low: float, high: float) -> None:
    stored = values.reshape(SIDE, SIDE).astype(np.float32)
    wanted = np.rint(255 * (stored - low) / (high - low))
    picture = read_picture(encoded(Image.fromarray(stored), "TIFF"))
    np.testing.assert_allclose(picture.rgb[:, :, 0].astype(float), wanted, atol=1)
    assert read_picture(tiff(">", stored, 0, 3, 32)).rgb[0, 0, 0] == 255 - picture.rgb[0, 0, 0]


def test_floats_that_are_no_numbers_are_black_or_the_extremes() -> None:
    stored = np.linspace(-1, 1, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    stored[3, 3], stored[4, 4], stored[5, 5] = np.nan, np.inf, -np.inf
    rgb = read_picture(encoded(Image.fromarray(stored), "TIFF")).rgb
    assert rgb[3, 3].tolist() == [0, 0, 0]
    assert rgb[4, 4].tolist() == [255, 255, 255]
    assert rgb[5, 5].tolist() == [0, 0, 0]
    nothing = np.full((SIDE, SIDE), np.nan, np.float32)
    assert read_picture(encoded(Image.fromarray(nothing), "TIFF")).rgb.max() == 0


def test_thirty_two_bit_numbers_are_stretched() -> None:
    stored = np.linspace(-70_000, 900_000, SIDE * SIDE).astype(np.int32).reshape(SIDE, SIDE)
    rgb = read_picture(encoded(Image.fromarray(stored), "TIFF")).rgb
    assert (rgb.min(), rgb.max()) == (0, 255)
    assert np.all(np.diff(rgb[:, :, 0].ravel().astype(int)) >= 0)


def test_a_constant_float_picture_is_read() -> None:
    flat = np.full((SIDE, SIDE), 1000, np.float32)
    assert read_picture(encoded(Image.fromarray(flat), "TIFF")).rgb.shape == (SIDE, SIDE, 3)


def test_alpha_is_laid_over_white() -> None:
    rgba = np.zeros((SIDE, SIDE, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[..., 3] = np.linspace(0, 255, SIDE).astype(np.uint8)
    alpha = rgba[..., 3].astype(float)
    wanted = np.stack([alpha / 255 * c + 255 - alpha for c in (200, 0, 0)], axis=2)
    for kind in ("PNG", "TIFF"):
        rgb = read_picture(encoded(Image.fromarray(rgba), kind)).rgb
        np.testing.assert_allclose(rgb.astype(float), wanted, atol=0.51)
    lossless = read_picture(encoded(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)).rgb
    np.testing.assert_allclose(lossless.astype(float), wanted, atol=0.51)
    avif = read_picture(encoded(Image.fromarray(rgba), "AVIF", quality=100)).rgb
    np.testing.assert_allclose(avif.astype(float), wanted, atol=12)


def test_grey_with_alpha_is_laid_over_white() -> None:
    pair = np.zeros((SIDE, SIDE, 2), np.uint8)
    pair[..., 0], pair[..., 1] = 100, 51
    for kind in ("PNG", "TIFF"):
        rgb = read_picture(encoded(Image.fromarray(pair, "LA"), kind)).rgb
        np.testing.assert_array_equal(rgb, np.full((SIDE, SIDE, 3), 224))


def test_sixteen_bit_grey_with_alpha_is_laid_over_white() -> None:
    pair = np.zeros((SIDE, SIDE, 2), ">u2")
    pair[..., 0], pair[..., 1] = 100 << 8, 51 << 8
    np.testing.assert_array_equal(read_picture(png(16, 4, pair.reshape(SIDE, -1))).rgb, 224)


def test_a_palette_with_alphas_is_laid_over_white() -> None:
    rows = np.tile(np.arange(SIDE, dtype=np.uint8) % 3, (SIDE, 1))
    palette, alphas = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]), bytes([255, 0, 51])
    rgb = read_picture(png(8, 3, rows, (b"PLTE", palette), (b"tRNS", alphas))).rgb
    assert rgb[0, :3].tolist() == [[255, 0, 0], [255, 255, 255], [204, 204, 255]]


def test_a_palette_with_its_own_alpha_channel_is_laid_over_white() -> None:
    image = Image.new("PA", (SIDE, SIDE), (1, 51))
    image.putpalette([0, 0, 0, 0, 0, 255])
    np.testing.assert_array_equal(read_picture(encoded(image, "TIFF")).rgb[0, 0], [204, 204, 255])


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_grey_of_any_depth_is_white(depth: int) -> None:
    most = (1 << depth) - 1
    value = max(1, most // 2)
    samples = np.zeros((SIDE, SIDE), np.uint8)
    samples[:, : SIDE // 2] = value
    bits = np.unpackbits(samples[:, :, None], axis=2)[:, :, 8 - depth :].reshape(SIDE, -1)
    raw = png(depth, 0, np.packbits(bits, axis=1), (b"tRNS", struct.pack(">H", value)))
    rgb = read_picture(raw).rgb
    assert np.all(rgb[:, : SIDE // 2] == WHITE)
    assert np.all(rgb[:, SIDE // 2 :] == 0)


def test_a_transparent_colour_of_sixteen_bits_is_white() -> None:
    rgb16 = np.zeros((SIDE, SIDE, 3), ">u2")
    rgb16[:, :8] = (4000, 5000, 6000)
    raw = png(16, 2, rgb16.reshape(SIDE, -1), (b"tRNS", struct.pack(">HHH", 4000, 5000, 6000)))
    rgb = read_picture(raw).rgb
    assert np.all(rgb[:, :8] == WHITE)
    assert np.all(rgb[:, 8:] == 0)


def test_a_transparent_grey_of_sixteen_bits_is_white_and_its_neighbours_are_not() -> None:
    raw = png(16, 0, RAMP16.astype(">u2"), (b"tRNS", struct.pack(">H", int(RAMP16[2, 3]))))
    wanted = RAMP16 >> 8
    wanted[2, 3] = WHITE
    np.testing.assert_array_equal(read_picture(raw).rgb, grey(wanted))


def test_bits_are_black_and_white() -> None:
    checks = np.indices((SIDE, SIDE)).sum(0) % 2 == 0
    image = Image.fromarray(checks)
    for kind, options in [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "group4"}),
        ("BMP", {}),
        ("GIF", {}),
    ]:
        np.testing.assert_array_equal(read_picture(encoded(image, kind, **options)).rgb, grey(255 * checks))


def test_cmyk_tiffs_and_jpegs_have_the_colours_of_their_inks() -> None:
    inks = Image.new("CMYK", (SIDE, SIDE), (255, 0, 0, 0))
    assert read_picture(encoded(inks, "TIFF")).rgb[0, 0].tolist() == [0, 255, 255]
    np.testing.assert_allclose(read_picture(encoded(inks, "JPEG")).rgb[0, 0].astype(int), [0, 255, 255], atol=3)


def test_a_cmyk_jpeg_without_adobes_mark_is_not_inverted() -> None:
    inks = Image.new("CMYK", (SIDE, SIDE), (0, 255, 255, 0))
    raw = encoded(inks, "JPEG")
    mark = raw.index(b"\xff\xee")
    without = raw[:mark] + raw[mark + 2 + int.from_bytes(raw[mark + 2 : mark + 4], "big") :]
    assert b"Adobe" not in without
    np.testing.assert_allclose(read_picture(raw).rgb[0, 0].astype(int), [255, 0, 0], atol=3)
    np.testing.assert_allclose(read_picture(without).rgb[0, 0].astype(int), [0, 0, 0], atol=3)


def test_ycck_jpegs_are_read() -> None:
    inks = Image.merge("CMYK", [Image.fromarray(made_picture(np.random.default_rng(1))[:, :, c % 3]) for c in range(4)])
    raw = encoded(inks, "JPEG", quality=95)
    mark = raw.index(b"Adobe")
    assert raw[mark + 11] == 0
    ycck = raw[: mark + 11] + b"\2" + raw[mark + 12 :]
    with Image.open(io.BytesIO(ycck)) as image:
        np.testing.assert_array_equal(read_picture(ycck).rgb, np.asarray(image.convert("RGB")))


def test_lab_tiffs_have_their_colours_in_srgb() -> None:
    colours = Image.fromarray(made_picture(np.random.default_rng(2)))
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(colours, srgb, lab, outputMode="LAB")
    assert stored is not None
    rgb = read_picture(encoded(stored, "TIFF")).rgb
    assert np.abs(rgb.astype(int) - np.asarray(colours).astype(int)).mean() < 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "I;16", "F", "CMYK", "P", "1"])
def test_bands_give_the_same_pixels_as_the_whole(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    colours = Image.fromarray(made_picture(np.random.default_rng(3)))
    image = colours.convert("I").convert("I;16") if mode == "I;16" else colours.convert(mode)
    raw = encoded(image, "TIFF")
    whole = read_picture(raw).rgb
    monkeypatch.setattr(pixels, "_BAND_PIXELS", 500)
    np.testing.assert_array_equal(read_picture(raw).rgb, whole)
