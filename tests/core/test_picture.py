"""Reading pictures: every format, upright, at the wanted size, within limits."""

import hashlib
import io
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lynkeus.core import Limits, UnreadableError, read_picture
from lynkeus.testing import made_picture, sound_pictures

COLOUR = made_picture(np.random.default_rng(5))
SOUND = sound_pictures(np.random.default_rng(5))
LOSSLESS = ["colour.png", "animated.png", "colour.bmp", "plain.tif", "lzw.tif", "deflate.tif", "pages.tif"]
LOSSY = [
    "baseline.jpg",
    "progressive.jpg",
    "lossy.webp",
    "animated.webp",
    "colour.avif",
    "jpeg.tif",
    "cmyk.jpg",
]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("name", LOSSLESS)
def test_gives_the_very_pixels_of_lossless_formats(name: str) -> None:
    picture = read_picture(SOUND[name])
    np.testing.assert_array_equal(picture.rgb, COLOUR)
    assert (picture.width, picture.height) == (96, 64)


@pytest.mark.parametrize("name", LOSSY)
def test_gives_nearly_the_pixels_of_lossy_formats(name: str) -> None:
    picture = read_picture(SOUND[name])
    assert picture.rgb.shape == (64, 96, 3)
    assert apart(picture.rgb, COLOUR) < 6


@pytest.mark.parametrize("name", ["still.gif", "animated.gif", "palette.png", "palette.bmp"])
def test_gives_the_palette_colours(name: str) -> None:
    decoded = Image.open(io.BytesIO(SOUND[name])).convert("RGB")
    np.testing.assert_array_equal(read_picture(SOUND[name]).rgb, np.asarray(decoded))


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "pages.tif"])
def test_gives_the_first_of_several_frames(name: str) -> None:
    assert apart(read_picture(SOUND[name]).rgb, COLOUR) < 12


def test_goes_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(SOUND["colour.png"])
    np.testing.assert_array_equal(read_picture(path).rgb, COLOUR)


def test_gives_the_digest_of_the_files_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SOUND["colour.png"])
    assert read_picture(path).digest == hashlib.sha256(SOUND["colour.png"]).hexdigest()


def test_gives_the_same_bytes_each_time() -> None:
    for raw in SOUND.values():
        assert read_picture(raw, max_side=50).rgb.tobytes() == read_picture(raw, max_side=50).rgb.tobytes()


def test_threads_do_not_disturb_each_other() -> None:
    wanted = [read_picture(raw, max_side=50).rgb.tobytes() for raw in SOUND.values()]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert [p.rgb.tobytes() for p in pool.map(partial(read_picture, max_side=50), SOUND.values())] == wanted


def test_arrays_are_contiguous_bytes_of_three_channels() -> None:
    for raw in SOUND.values():
        rgb = read_picture(raw).rgb
        assert rgb.flags.c_contiguous
        assert rgb.dtype == np.uint8
        assert rgb.shape == (64, 96, 3)


UPRIGHT = made_picture(np.random.default_rng(6), 90, 60)
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: np.rot90(UPRIGHT, 2),
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT, 1),
    7: np.rot90(UPRIGHT, 2).transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_turns_pictures_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read_picture(encoded(stored, kind, exif=exif, **options))
    np.testing.assert_array_equal(picture.rgb, UPRIGHT)
    assert (picture.width, picture.height) == (90, 60)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
@pytest.mark.parametrize("max_side", [None, 45])
def test_turns_lossy_and_reduced_pictures_upright(kind: str, orientation: int, max_side: int | None) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    picture = read_picture(encoded(stored, kind, exif=exif, quality=95), max_side=max_side)
    wanted = Image.fromarray(UPRIGHT)
    if max_side is not None:
        wanted = wanted.resize((45, 30), Image.Resampling.BOX)
    assert picture.rgb.shape == (wanted.height, wanted.width, 3)
    assert (picture.width, picture.height) == (90, 60)
    assert apart(picture.rgb, np.asarray(wanted)) < 8


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_takes_a_picture_of_impossible_orientation_as_it_is(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    raw = encoded(Image.fromarray(COLOUR), "PNG", exif=exif)
    np.testing.assert_array_equal(read_picture(raw).rgb, COLOUR)


@pytest.mark.parametrize("name", sorted(SOUND))
@pytest.mark.parametrize(("max_side", "shape"), [(95, (63, 95)), (60, (40, 60)), (30, (20, 30)), (9, (6, 9))])
def test_reduces_to_the_longest_side_wanted(name: str, max_side: int, shape: tuple[int, int]) -> None:
    picture = read_picture(SOUND[name], max_side=max_side)
    assert picture.rgb.shape[:2] == shape
    assert (picture.width, picture.height) == (96, 64)


def test_refuses_a_size_below_one() -> None:
    with pytest.raises(ValueError, match="max_side is 0, must be 1 or more"):
        read_picture(SOUND["colour.png"], max_side=0)


@pytest.mark.parametrize("max_side", [None, 60])
def test_what_a_gif_frame_leaves_uncovered_is_white(max_side: int | None) -> None:
    raw = SOUND["still.gif"]
    frame = raw.index(b",", 13 + 768)
    larger = raw[:6] + struct.pack("<HH", 120, 80) + raw[10 : frame + 1]
    moved = larger + struct.pack("<HH", 10, 12) + raw[frame + 5 :]
    rgb = read_picture(moved).rgb
    np.testing.assert_array_equal(rgb[12:76, 10:106], read_picture(raw).rgb)
    rgb[12:76, 10:106] = 255
    assert rgb.min() == 255
    assert read_picture(moved, max_side=max_side).rgb[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", sorted(SOUND))
@pytest.mark.parametrize("max_side", [96, 97, 5000])
def test_never_enlarges(name: str, max_side: int) -> None:
    np.testing.assert_array_equal(read_picture(SOUND[name], max_side=max_side).rgb, read_picture(SOUND[name]).rgb)


@pytest.mark.parametrize("max_side", [400, 256, 200, 128, 100, 64, 60])
def test_a_jpeg_decoded_at_reduced_size_looks_like_the_full_one_reduced(max_side: int) -> None:
    large = Image.fromarray(made_picture(np.random.default_rng(7), 512, 384))
    raw = encoded(large, "JPEG", quality=95)
    full = Image.fromarray(read_picture(raw).rgb)
    wanted = full.resize((max_side, max_side * 3 // 4), Image.Resampling.BOX)
    assert apart(read_picture(raw, max_side=max_side).rgb, np.asarray(wanted)) < 2


def test_refuses_files_that_are_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(SOUND["colour.png"])
    limits = Limits(max_bytes=1000)
    for source in (path, SOUND["colour.png"]):
        with pytest.raises(UnreadableError, match=r"too large: [\d,]+ bytes.*, at most 1,000 are read"):
            read_picture(source, limits=limits)


@pytest.mark.parametrize("name", sorted(SOUND))
def test_refuses_too_many_pixels_narrow_and_tiny_pictures(name: str) -> None:
    with pytest.raises(UnreadableError, match=r"too many pixels: 96 x 64 pixels, at most 6,143 are read"):
        read_picture(SOUND[name], limits=Limits(max_pixels=6143))
    with pytest.raises(UnreadableError, match=r"too narrow: 96 x 64 pixels, the sides may differ 1\.4 times"):
        read_picture(SOUND[name], limits=Limits(max_ratio=1.4))
    with pytest.raises(UnreadableError, match="too small: 96 x 64 pixels, each side must have 65 or more"):
        read_picture(SOUND[name], limits=Limits(min_side=65))
    read_picture(SOUND[name], limits=Limits(max_pixels=6144, max_ratio=1.5, min_side=64))


@pytest.mark.parametrize("name", sorted(set(SOUND) - {"animated.gif", "still.gif", "pages.tif"}))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_refuses_truncated_files_and_says_so(name: str, share: float) -> None:
    with pytest.raises(UnreadableError, match=r"^truncated: "):
        read_picture(SOUND[name][: int(share * len(SOUND[name]))])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty file"),
        (b"hello world", "not a picture: starts with hello wo"),
        (b"\x00\x01\x02", "not a picture: starts with 00 01 02"),
        (b"\x00\x00\x00\x18ftypheic\0\0\0\0heicmif1", "a HEIF picture, which is not read"),
        (b"\x00\x00\x00\x18ftypmp42\0\0\0\0mp42isom", "not a picture: a video or another media file"),
        (b"%PDF-1.7 and so on", "a PDF, which is not read"),
        (b"BMW is a car, and this is a text", "not a picture: starts with BMW is a"),
    ],
)
def test_says_what_is_no_picture(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_picture(raw)
    assert str(caught.value) == reason


@pytest.mark.parametrize("kind", ["PPM", "JPEG2000", "ICO", "TGA", "EPS", "PCX", "SGI", "DDS"])
def test_reads_no_other_format_that_pillow_knows(kind: str) -> None:
    with pytest.raises(UnreadableError, match=r"not a picture|which is not read"):
        read_picture(encoded(Image.fromarray(COLOUR), kind))


def test_reasons_name_neither_path_nor_address(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(SOUND["colour.png"][:60] + os.urandom(200) + SOUND["colour.png"][260:])
    with pytest.raises(UnreadableError) as caught:
        read_picture(path)
    assert str(tmp_path) not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_refuses_a_progressive_jpeg_that_would_need_too_much_memory() -> None:
    raw = encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=0)
    frame = raw.index(b"\xff\xc2") + 5
    large = raw[:frame] + (7990).to_bytes(2, "big") * 2 + raw[frame + 4 :]
    with pytest.raises(UnreadableError, match="need too much memory"):
        read_picture(large)
