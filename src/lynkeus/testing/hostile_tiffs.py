"""TIFF files, and EXIF blocks (the same structure), that loop, are expensive or contradict themselves."""

import struct
from collections.abc import Iterator

_SHORT, _LONG = 3, 4  # field types of 16-bit and 32-bit numbers, TIFF 6.0, section 2


def _directory(entries: dict[int, tuple[int, int, int]], following: int = 0) -> bytes:
    """A directory in little-endian order from (type, count, value) by tag."""
    body = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def _tiff(entries: dict[int, tuple[int, int, int]], following: int = 0, tail: bytes = b"") -> bytes:
    return b"II*\0\x08\0\0\0" + _directory(entries, following) + tail


def _grey(side: int = 32, **changes: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    """Entries of a grey picture in one strip at byte 1000; a change has a name such as ``t256``."""
    entries = {
        256: (_LONG, 1, side),
        257: (_LONG, 1, side),
        258: (_SHORT, 1, 8),
        259: (_SHORT, 1, 1),
        262: (_SHORT, 1, 1),
        273: (_LONG, 1, 1000),
        277: (_SHORT, 1, 1),
        278: (_LONG, 1, side),
        279: (_LONG, 1, side * side),
    }
    return entries | {int(name[1:]): value for name, value in changes.items()}


def _filled(entries: dict[int, tuple[int, int, int]], following: int = 0) -> bytes:
    return _tiff(entries, following).ljust(1000, b"\0") + bytes(range(256)) * 4


def hostile_tiffs(raw: bytes) -> Iterator[tuple[str, bytes, str, bool]]:
    """Name, bytes, fault, and whether a reader may decode the file, for each hostile TIFF.

    Args:
        raw: A valid TIFF.
    """
    yield "loop", _filled(_grey(), following=8), "the next page is this page", True
    yield "pages", _pages(20_000), "20,000 pages", True
    yield "bomb", _filled(_grey(side=65_500)), "claims 4.3 thousand million pixels", False
    yield "thin", _filled(_grey(t256=(_LONG, 1, 1), t257=(_LONG, 1, 65_500))), "1 x 65500 pixels", False
    yield "nothing", _filled(_grey(side=0)), "no pixels", False
    yield "missing", _filled({k: v for k, v in _grey().items() if k != 257}), "no height", False
    yield "start", b"II*\0\xff\xff\xff\x7f" + raw[8:], "its directory lies after its end", False
    yield "itself", b"II*\0\0\0\0\0" + raw[8:], "its directory is its header", False
    yield "tags", b"II*\0\x08\0\0\0\xff\xff" + bytes(12 * 65_535 + 4), "65,535 tags", False
    yield "values", _filled(_grey(t273=(_LONG, 2**32 - 1, 1000))), "4 thousand million strips", False
    yield "type", _filled(_grey(t256=(99, 1, 32))), "a width of an unknown type", False
    yield "widths", _filled(_grey(t256=(_LONG, 3, 1000))), "three widths", False
    yield "ratio", _filled(_grey(t256=(5, 1, 1000))), "a width that is a fraction", False
    yield "strip", _filled(_grey(t273=(_LONG, 1, 2**31))), "a strip after its end", False
    yield "bytes", _filled(_grey(t279=(_LONG, 1, 2**31))), "a strip longer than the file", False
    yield "stripless", _filled({k: v for k, v in _grey().items() if k != 273}), "no strips", False
    yield "samples", _filled(_grey(t277=(_SHORT, 1, 60_000))), "60,000 samples a pixel", False
    yield "deep", _filled(_grey(t258=(_SHORT, 1, 64))), "64 bits a sample", False
    yield "coding", _filled(_grey(t259=(_SHORT, 1, 34_925))), "a coding that is not read", False
    yield "junk-lzw", _filled(_grey(t259=(_SHORT, 1, 5))), "no LZW where LZW should be", True
    yield "junk-zip", _filled(_grey(t259=(_SHORT, 1, 8))), "no deflate where deflate should be", True
    yield (
        "junk-fax",
        _filled(_grey(t258=(_SHORT, 1, 1), t259=(_SHORT, 1, 4))),
        "no fax where fax should be",
        True,
    )
    yield "junk-jpeg", _filled(_grey(t259=(_SHORT, 1, 7))), "no JPEG where JPEG should be", True
    yield "rows", _filled(_grey(t278=(_LONG, 1, 2**32 - 1))), "4 thousand million rows a strip", True
    yield "no-rows", _filled(_grey(t278=(_LONG, 1, 0))), "no rows a strip", True
    yield "order", _filled(_grey(t266=(_SHORT, 1, 7))), "an unknown order of bits", True
    yield "planes", _filled(_grey(t284=(_SHORT, 1, 9))), "an unknown order of planes", True
    yield "turned", _filled(_grey(t274=(_SHORT, 1, 65_535))), "orientation 65535", True
    yield "profile", _filled(_grey(t34675=(7, 2**31, 0))), "a colour profile after its end", False
    yield "exif", _filled(_grey(t34665=(_LONG, 1, 8))), "its EXIF is itself", True
    yield "overlap", _overlapping(), "100,000 strips that are all the same bytes", False
    yield "strips", _many_strips(), "1,000,000 strips of nothing", False
    yield "tiles", _tiled(1 << 16), "a tile of 4 thousand million pixels", False
    yield "big", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 40, "a BigTIFF with 2^64 tags", False
    yield "big-start", b"II+\0\x08\0\0\0" + b"\xff" * 40, "a BigTIFF that starts at 2^64", False


def _pages(number: int) -> bytes:
    page = _directory(_grey())
    starts = [2100 + position * len(page) for position in range(number)]
    chain = b"".join(_directory(_grey(), start) for start in [*starts[1:], 0])
    return _filled(_grey(), following=2100).ljust(2100, b"\0") + chain


def _overlapping() -> bytes:
    number = 100_000
    head = _tiff(
        _grey(
            side=2_000,
            t273=(_LONG, number, 1000),
            t278=(_LONG, 1, 1),
            t279=(_LONG, number, 1000 + 4 * number),
            t259=(_SHORT, 1, 8),
        )
    ).ljust(1000, b"\0")
    return head + struct.pack("<I", 1000) * number + struct.pack("<I", 500_000) * number


def _many_strips() -> bytes:
    number = 1_000_000
    changes = {"t273": (_LONG, number, 1000), "t278": (_LONG, 1, 1), "t279": (_LONG, number, 1000)}
    return _tiff(_grey(side=4_000, **changes)).ljust(1000, b"\0") + bytes(4 * number)


def _tiled(side: int) -> bytes:
    entries = {tag: value for tag, value in _grey().items() if tag not in {273, 278, 279}}
    tiles = {322: (_LONG, 1, side), 323: (_LONG, 1, side), 324: (_LONG, 1, 1000), 325: (_LONG, 1, 1024)}
    return _filled(entries | tiles | {259: (_SHORT, 1, 8)})


def hostile_exif_blocks() -> Iterator[tuple[str, bytes, str]]:
    """Name, EXIF block with prefix, and fault of each hostile block; each fits into one JPEG segment."""
    for value in (0, 9, 65_535):
        yield f"turned-{value}", b"Exif\0\0" + _tiff({274: (_SHORT, 1, value)}), f"orientation {value}"
    yield "long", b"Exif\0\0" + _tiff({274: (_LONG, 1, 6)}), "an orientation of another type"
    yield "array", b"Exif\0\0" + _tiff({274: (_SHORT, 2**32 - 1, 6)}), "4 thousand million orientations"
    yield (
        "loop",
        b"Exif\0\0" + _tiff({34_665: (_LONG, 1, 8)}, following=8),
        "directories that contain themselves",
    )
    yield "start", b"Exif\0\0II*\0\xff\xff\xff\xff", "a directory after its end"
    yield "tags", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(60_000), "65,535 tags"
    overlapping: dict[int, tuple[int, int, int]] = dict.fromkeys(range(1, 1_500), (7, 40_000, 20_000))
    yield (
        "overlap",
        b"Exif\0\0" + _tiff(overlapping).ljust(62_000, b"\0"),
        "1,499 tags of the same 40,000 bytes",
    )
    yield "empty", b"Exif\0\0", "nothing"
    yield "short", b"Exif\0\0II", "two bytes"
    yield "order", b"Exif\0\0XX*\0\x08\0\0\0", "an unknown order of bytes"
