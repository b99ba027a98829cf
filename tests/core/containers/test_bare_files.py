"""The properties of each container, and the bare file for the decoder."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from lynkeus.core import UnreadableError
from lynkeus.core.containers import open_container, picture_format
from lynkeus.testing import sound_pictures

SOUND = sound_pictures(np.random.default_rng(8))
FORMATS = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "gif": "GIF",
    "bmp": "BMP",
    "tif": "TIFF",
    "avif": "AVIF",
}
SECRET = b"somebody's address"


@pytest.mark.parametrize("name", sorted(SOUND))
def test_says_format_and_size_without_decoding(name: str) -> None:
    container = open_container(SOUND[name])
    assert container.format == FORMATS[name.split(".")[1]]
    assert (container.width, container.height) == (96, 64)
    assert (container.orientation, container.frame, container.profile) == (1, None, b"")


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_left_has_the_same_pixels_and_one_frame(name: str) -> None:
    with (
        Image.open(io.BytesIO(SOUND[name])) as whole,
        Image.open(io.BytesIO(open_container(SOUND[name]).bare)) as bare,
    ):
        assert getattr(bare, "n_frames", 1) == 1
        np.testing.assert_array_equal(np.asarray(bare.convert("RGB")), np.asarray(whole.convert("RGB")))


@pytest.mark.parametrize("name", sorted(SOUND))
def test_what_is_left_can_be_taken_apart_again(name: str) -> None:
    once = open_container(SOUND[name])
    assert open_container(once.bare).bare == once.bare or once.format == "TIFF"
    assert open_container(once.bare).width == once.width


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_exif_profile_and_comments_do_not_reach_the_decoder(kind: str) -> None:
    exif = Image.Exif()
    exif[270] = SECRET.decode()
    exif[274] = 3
    buffer = io.BytesIO()
    options = {} if kind == "GIF" else {"exif": exif, "icc_profile": SECRET * 20}
    Image.new("RGB", (40, 30)).save(buffer, kind, comment=SECRET, xmp=SECRET, **options)
    raw = buffer.getvalue()
    assert SECRET in raw
    container = open_container(raw)
    assert SECRET not in container.bare
    if kind != "GIF":
        assert container.orientation == 3
        assert container.profile == SECRET * 20


def test_a_tiff_keeps_the_tags_of_its_pixels_alone() -> None:
    exif = Image.Exif()
    exif[270] = SECRET.decode()
    exif[274] = 3
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "TIFF", exif=exif, icc_profile=SECRET * 20)
    container = open_container(buffer.getvalue())
    assert (container.orientation, container.profile) == (3, SECRET * 20)
    with Image.open(io.BytesIO(container.bare)) as bare:
        assert isinstance(bare, TiffImageFile)
        assert set(bare.tag_v2) <= {256, 257, 258, 259, 262, 273, 277, 278, 279, 284}
        assert "icc_profile" not in bare.info


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        (42, {}),
        (43, {"big_tiff": True}),
        (42, {"compression": "tiff_lzw"}),
        (42, {"compression": "packbits"}),
        (42, {"compression": "tiff_adobe_deflate"}),
        (42, {"compression": "jpeg"}),
        (42, {"compression": "zstd"}),
    ],
)
def test_reads_both_kinds_of_tiff_and_every_compression(mark: int, options: dict[str, object]) -> None:
    with Image.open(io.BytesIO(SOUND["colour.png"])) as image:
        buffer = io.BytesIO()
        image.save(buffer, "TIFF", **options)
    raw = buffer.getvalue()
    assert raw[2] == mark
    with Image.open(buffer) as whole, Image.open(io.BytesIO(open_container(raw).bare)) as bare:
        np.testing.assert_array_equal(np.asarray(bare), np.asarray(whole))


def test_what_follows_the_end_of_a_jpeg_is_dropped() -> None:
    raw = SOUND["baseline.jpg"]
    assert open_container(raw + SECRET).bare == open_container(raw).bare


def test_the_profile_of_a_jpeg_is_joined_in_the_order_of_its_numbers() -> None:
    parts = [(2, b"B" * 50), (1, b"A" * 100)]
    segments = b"".join(
        b"\xff\xe2" + struct.pack(">H", 16 + len(part)) + b"ICC_PROFILE\0" + bytes([number, 2]) + part
        for number, part in parts
    )
    raw = SOUND["baseline.jpg"]
    assert open_container(raw[:2] + segments + raw[2:]).profile == b"A" * 100 + b"B" * 50


def test_counts_what_the_decoder_of_a_progressive_jpeg_holds() -> None:
    """Two bytes per coefficient: one full and two quarter planes with 4:2:0, three full planes with 4:4:4."""
    assert open_container(SOUND["baseline.jpg"]).held == 0
    assert open_container(SOUND["progressive.jpg"]).held == 2 * 96 * 64 * 3 // 2
    buffer = io.BytesIO()
    Image.new("RGB", (96, 64)).save(buffer, "JPEG", progressive=True, subsampling=0)
    assert open_container(buffer.getvalue()).held == 2 * 96 * 64 * 3


def test_a_compressed_profile_that_unpacks_without_end_is_ignored() -> None:
    body = b"name\0\0" + zlib.compress(bytes(50_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"iCCP" + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    raw = SOUND["colour.png"]
    assert open_container(raw[:33] + chunk + raw[33:]).profile == b""


def test_a_gif_frame_smaller_than_its_screen_leaves_the_rest_uncovered() -> None:
    raw = SOUND["still.gif"]
    larger = raw[:6] + struct.pack("<HH", 120, 80) + raw[10:]
    container = open_container(larger)
    assert (container.width, container.height) == (120, 80)
    assert container.frame == (0, 0, 96, 64)


@pytest.mark.parametrize("name", sorted(SOUND))
def test_every_cut_is_refused_or_whole_in_its_first_frame(name: str) -> None:
    """A cut at every length, not only at some lengths."""
    raw = SOUND[name]
    whole = open_container(raw)
    for length in range(0, len(raw), max(1, len(raw) // 400)):
        try:
            container = open_container(raw[:length])
        except UnreadableError:
            continue
        assert (container.width, container.height) == (whole.width, whole.height)
        assert name in {"animated.gif", "pages.tif", "colour.bmp", "palette.bmp"}


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "BMP"),
        (b"BM" + bytes(12) + b"\x29\0\0\0", None),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (b"II\0*", None),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1", None),
        (b"\0\0\0\x10ftypmif1\0\0\0\0avif", None),
        (b"", None),
        (b"\xff\xd8", None),
    ],
)
def test_knows_formats_by_their_first_bytes(head: bytes, name: str | None) -> None:
    assert picture_format(head) == name
