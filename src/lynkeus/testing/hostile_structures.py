"""Picture files whose structure is expensive, loops, or contradicts itself.

Each file has a few bytes to a few megabytes and claims far more: many pixels, scans, chunks, tags, frames or pages.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from lynkeus.testing.hostile_tiffs import hostile_exif_blocks, hostile_tiffs


class Broken(NamedTuple):
    """A file to write: its name, its bytes, and what is wrong with it."""

    name: str
    content: bytes
    why: str
    may_decode: bool = False


def hostile_structures(sound: dict[str, bytes]) -> Iterator[Broken]:
    """All files with hostile structures.

    Args:
        sound: Valid pictures from `sound_pictures`.
    """
    yield from _jpegs(sound["baseline.jpg"], sound["progressive.jpg"])
    yield from _pngs(sound["colour.png"])
    yield from _gifs(sound["still.gif"])
    yield from _webps(sound["lossy.webp"], sound["animated.webp"])
    yield from _bmps(sound["colour.bmp"])
    yield from _avifs(sound["colour.avif"])
    yield from _texts()
    for name, content, why, may_decode in hostile_tiffs(sound["plain.tif"]):
        yield Broken(f"{name}.tif", content, why, may_decode)


def _jpegs(raw: bytes, progressive: bytes) -> Iterator[Broken]:
    frame = raw.index(b"\xff\xc0") + 4
    scan = raw.index(b"\xff\xda")

    def sized(height: int, width: int) -> bytes:
        return raw[: frame + 1] + struct.pack(">HH", height, width) + raw[frame + 5 :]

    yield Broken("bomb.jpg", sized(65500, 65500), "claims 4.3 thousand million pixels")
    yield Broken("thin.jpg", sized(65500, 1), "claims 1 x 65500 pixels")
    yield Broken("narrow.jpg", sized(65500, 8), "claims 8 x 65500 pixels")
    yield Broken("flat.jpg", sized(0, 96), "claims no height")
    yield Broken("twelve.jpg", raw[:frame] + b"\x0c" + raw[frame + 1 :], "claims 12 bits a sample")
    yield Broken("two-frames.jpg", raw[: frame - 4] + raw[frame - 4 : frame + 15] + raw[frame - 4 :], "two frames")
    yield Broken("nothing.jpg", b"\xff\xd8\xff\xd9", "a start and an end")
    yield Broken("headless.jpg", raw[:2] + raw[scan:], "no frame header")
    yield Broken("short.jpg", raw[:2] + b"\xff\xe1\x00\x00" + raw[2:], "a segment shorter than its length")
    yield Broken("gap.jpg", raw[:20] + b"junk" + raw[20:], "bytes between two segments")
    yield Broken("early.jpg", raw[: scan + 40] + b"\xff\xd9", "the end in the middle", may_decode=True)
    yield Broken("tail.jpg", raw + bytes(1_000_000), "a megabyte after the end", may_decode=True)
    comments = raw[:2] + b"\xff\xfe\x00\x02" * 300_000 + raw[2:]
    yield Broken("comments.jpg", comments, "300,000 empty comments")
    yield Broken("fill.jpg", raw[: scan + 14] + b"\xff" * 20_000_000 + b"\xd9", "20 MB of filling", may_decode=True)
    profile = b"".join(b"\xff\xe2\xff\xffICC_PROFILE\0" + bytes([n, 255]) + bytes(65519) for n in range(1, 256))
    yield Broken("profile.jpg", raw[:2] + profile + raw[2:], "a colour profile of 16 MB", may_decode=True)
    first, last = progressive.index(b"\xff\xda"), progressive.rindex(b"\xff\xda")
    many = progressive[:last] + progressive[last:-2] * 3_000 + b"\xff\xd9"
    yield Broken("scans.jpg", many, "3,000 scans", may_decode=first == last)
    for name, exif, why in hostile_exif_blocks():
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif
        yield Broken(f"exif-{name}.jpg", raw[:2] + segment + raw[2:], f"EXIF: {why}", may_decode=True)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int, depth: int, kind: int, *chunks: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + _chunk(b"IEND", b"")


def _pngs(raw: bytes) -> Iterator[Broken]:
    black = _chunk(b"IDAT", zlib.compress(bytes(33 * 32)))
    zeros = zlib.compress(bytes(60_000_000), 9)
    cases = [
        ("bomb", _png(65500, 65500, 8, 2, _chunk(b"IDAT", zeros)), "claims 4.3 thousand million pixels"),
        ("thin", _png(1, 65500, 8, 0, _chunk(b"IDAT", zlib.compress(bytes(131000)))), "1 x 65500 pixels"),
        ("wide", _png(65500, 1, 8, 0, _chunk(b"IDAT", zlib.compress(bytes(65501)))), "65500 x 1 pixels"),
        ("narrow", _png(8, 65500, 8, 0, _chunk(b"IDAT", zlib.compress(bytes(600_000)))), "8 x 65500 pixels"),
        ("none", _png(0, 0, 8, 2, black), "claims 0 x 0 pixels"),
        ("huge", _png(2**31 - 1, 2**31 - 1, 16, 6, black), "claims the largest size of the format"),
        ("depth", _png(32, 32, 3, 0, black), "3 bits a sample"),
        ("kind", _png(32, 32, 8, 5, black), "an unknown colour type"),
        ("pixelless", _png(32, 32, 8, 0), "no pixels"),
        ("few", _png(32, 32, 8, 0, _chunk(b"IDAT", zlib.compress(bytes(500)))), "half of its pixels"),
        ("junk", _png(32, 32, 8, 0, _chunk(b"IDAT", b"not zlib at all")), "pixels that are not compressed"),
        ("sum", raw[:30] + b"\0" + raw[31:], "a wrong checksum of the header"),
        ("length", raw[:33] + b"\xff\xff\xff\xff" + raw[37:], "a chunk of 4 GB"),
        ("chunks", raw[:33] + _chunk(b"tEXt", b"k\0v") * 300_000 + raw[33:], "300,000 tiny chunks"),
    ]
    decodable = [
        ("many", raw[:33] + _chunk(b"tEXt", b"k\0v") * 100_000 + raw[33:], "100,000 tiny chunks"),
        ("text", raw[:33] + _chunk(b"zTXt", b"k\0\0" + zeros) * 20 + raw[33:], "texts of 1.2 GB, compressed"),
        (
            "profile",
            raw[:33] + _chunk(b"iCCP", b"k\0\0" + zeros) + raw[33:],
            "a profile of 60 MB, compressed",
        ),
        ("more", _png(32, 32, 8, 0, _chunk(b"IDAT", zeros)), "60 MB of pixels for a small picture"),
        ("twice", raw[:33] + raw[8:33] + raw[33:], "two headers"),
        ("palette", _png(32, 32, 8, 3, black), "palette colours without a palette"),
        (
            "beyond",
            _png(32, 32, 8, 3, _chunk(b"PLTE", b"abc"), _chunk(b"IDAT", zlib.compress(b"\0" + bytes([9]) * 32))),
            "colours beyond its palette",
        ),
        (
            "clear",
            _png(32, 32, 8, 3, _chunk(b"PLTE", b"abc"), _chunk(b"tRNS", bytes(5_000)), black),
            "more alphas than colours",
        ),
        (
            "frames",
            raw[:33] + _chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)) + raw[33:],
            "claims 2 thousand million frames",
        ),
        ("pieces", raw[:33] + _chunk(b"IDAT", b"") * 50_000 + raw[33:], "50,000 empty pieces of pixels"),
    ]
    yield from (Broken(f"{name}.png", content, why) for name, content, why in cases)
    yield from (Broken(f"{name}.png", content, why, may_decode=True) for name, content, why in decodable)


def _gifs(raw: bytes) -> Iterator[Broken]:
    frame = raw.index(b",", 13 + 768)

    def sized(width: int, height: int) -> bytes:
        return raw[:6] + struct.pack("<HH", width, height) + raw[10:]

    def framed(left: int, top: int, width: int, height: int) -> bytes:
        return raw[: frame + 1] + struct.pack("<HHHH", left, top, width, height) + raw[frame + 9 :]

    yield Broken("bomb.gif", sized(65500, 65500), "claims 4.3 thousand million pixels")
    yield Broken("thin.gif", sized(1, 65500), "a screen of 1 x 65500 pixels, wider by its frame", may_decode=True)
    yield Broken("frame.gif", framed(0, 0, 65500, 65500), "a frame of 65500 x 65500 pixels")
    yield Broken("aside.gif", framed(65500, 0, 96, 64), "a frame far beside its screen")
    yield Broken("none.gif", framed(0, 0, 0, 0), "an empty frame")
    yield Broken("frameless.gif", raw[:13] + b";", "no frame")
    yield Broken("code.gif", raw[: frame + 10] + b"\x0f" + raw[frame + 11 :], "codes of 15 bits", may_decode=True)
    comment = b"!\xfe" + b"\x01x" * 3_000_000 + b"\0"
    yield Broken("comment.gif", raw[:frame] + comment + raw[frame:], "a comment in 3,000,000 blocks")
    long = b"!\xfe" + (b"\xff" + b"x" * 255) * 40_000 + b"\0"
    yield Broken("long.gif", raw[:frame] + long + raw[frame:], "a comment of 10 MB", may_decode=True)
    yield Broken("frames.gif", raw[:-1] + raw[frame:-1] * 5_000 + b";", "5,000 frames", may_decode=True)


def _riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def _webps(raw: bytes, animated: bytes) -> Iterator[Broken]:
    canvas = _riff_chunk(b"VP8X", b"\0" * 4 + b"\xff\x3f\0\xff\x3f\0")
    lossless = b"\x2f" + struct.pack("<I", 16382 | 16382 << 14)
    yield Broken("bomb.webp", _riff(canvas, raw[12:]), "a canvas of 16384 x 16384 pixels")
    yield Broken("lossless.webp", _riff(_riff_chunk(b"VP8L", lossless + bytes(50))), "16383 x 16383 pixels")
    yield Broken("pictureless.webp", _riff(canvas), "no picture")
    yield Broken("chunk.webp", raw[:16] + b"\xff\xff\xff\xff" + raw[20:], "a chunk of 4 GB")
    yield Broken("chunks.webp", _riff(*[_riff_chunk(b"JUNK", b"")] * 100_000, raw[12:]), "100,000 empty chunks")
    large = _riff_chunk(b"EXIF", b"II*\0\x08\0\0\0\xff\xff" + bytes(5_000_000))
    small = _riff_chunk(b"VP8X", b"\x08\0\0\0" + b"\x5f\0\0\x3f\0\0")
    yield Broken("exif.webp", _riff(small, raw[12:], large), "EXIF of 5 MB", may_decode=True)
    frame = animated.index(b"ANMF")
    length = 8 + struct.unpack_from("<I", animated, frame + 4)[0]
    frames = animated[12:frame] + animated[frame : frame + length] * 3_000
    yield Broken("frames.webp", _riff(frames), "3,000 frames", may_decode=True)
    moved = bytearray(animated)
    moved[frame + 8 : frame + 11] = b"\xff\xff\0"
    yield Broken("moved.webp", bytes(moved), "a frame beside its canvas")


def _bmps(raw: bytes) -> Iterator[Broken]:
    def sized(width: int, height: int) -> bytes:
        return raw[:18] + struct.pack("<ii", width, height) + raw[26:]

    runs = raw[:28] + struct.pack("<HI", 8, 1) + raw[34:54] + bytes(1024)
    yield Broken("bomb.bmp", sized(65500, 65500), "claims 4.3 thousand million pixels")
    yield Broken("thin.bmp", sized(1, 65500), "1 x 65500 pixels")
    yield Broken("negative.bmp", sized(-96, 64), "a negative width", may_decode=True)
    yield Broken("most-negative.bmp", sized(-(2**31), -(2**31)), "the smallest numbers for its size")
    yield Broken("offset.bmp", raw[:10] + b"\xff\xff\xff\x7f" + raw[14:], "pixels after its end")
    yield Broken(
        "colours.bmp",
        raw[:28] + b"\x08\0" + raw[30:46] + b"\xff" * 4 + raw[50:],
        "4 thousand million colours",
    )
    yield Broken("coding.bmp", raw[:30] + b"\x09\0\0\0" + raw[34:], "an unknown coding")
    yield Broken("runs.bmp", runs + b"\x01\x07" * 2_000_000, "4 MB of runs of one pixel")
    yield Broken("few-runs.bmp", runs + b"\x01\x07\0\1", "runs for one pixel")
    yield Broken("bits.bmp", raw[:28] + b"\x05\0" + raw[30:], "5 bits a pixel")


def _avifs(raw: bytes) -> Iterator[Broken]:
    size = raw.index(b"ispe") + 8
    meta = raw.index(b"meta") - 4
    yield Broken("bomb.avif", raw[:size] + b"\0\0\xff\xdc" * 2 + raw[size + 8 :], "65500 x 65500 pixels")
    yield Broken(
        "smaller.avif",
        raw[:size] + b"\0\0\0\x20" * 2 + raw[size + 8 :],
        "less than it holds",
        may_decode=True,
    )
    yield Broken("boxless.avif", raw[:meta], "no boxes but the first")
    yield Broken("zero-box.avif", raw[:meta] + b"\0\0\0\x07" + raw[meta + 4 :], "a box shorter than its head")
    yield Broken("long-box.avif", raw[:meta] + b"\0\0\0\x01" + raw[meta + 4 :], "a box of many exabytes")
    yield Broken("boxes.avif", raw + b"\0\0\0\x08free" * 5_000, "5,000 empty boxes")
    yield Broken("pixelless.avif", raw[: raw.index(b"mdat") - 4], "no pixels")


def _texts() -> Iterator[Broken]:
    page = b"<html><body><img src=x onerror=alert(1)></body></html>"
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
    yield Broken("page.jpg", page, "a web page")
    yield Broken("drawing.jpg", drawing, "an SVG that names another file")
    yield Broken("script.png", b"#!/bin/sh\necho hello\n", "a script")
    yield Broken("paper.jpg", b"%PDF-1.7\n" + bytes(500), "a PDF")
    yield Broken("archive.png", b"PK\x03\x04" + bytes(500), "a ZIP archive")
    yield Broken("program.jpg", b"\x7fELF" + bytes(500), "a program")
    yield Broken("film.jpg", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(500), "a film")
    yield Broken("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(500), "a HEIC picture")
    yield Broken("postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript")
    yield Broken("cursor.png", b"\0\0\2\0\1\0" + bytes(500), "a cursor")
    yield Broken("bitmap.bmp", b"BMW is a maker of cars, and this a text.", "a text that starts with BM")
