"""The size in an AV1 stream, for both kinds of sequence header, and files that are larger than they claim."""

import io

import numpy as np
import pytest
from PIL import Image

from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.containers.av1 import largest_frame
from lynkeus.testing import sound_pictures

SOUND = sound_pictures(np.random.default_rng(9))


class Writer:
    """Writes numbers bit by bit, by the tables of the specification."""

    def __init__(self) -> None:
        self.bits = ""

    def put(self, *fields: tuple[int, int]) -> "Writer":
        self.bits += "".join(f"{value:0{count}b}" for value, count in fields)
        return self

    def unit(self) -> bytes:
        padded = self.bits + "0" * (-len(self.bits) % 8)
        body = int(padded, 2).to_bytes(len(padded) // 8, "big")
        return bytes([1 << 3 | 2, len(body)]) + body


def size_fields(width: int, height: int) -> list[tuple[int, int]]:
    return [(15, 4), (15, 4), (width - 1, 16), (height - 1, 16)]


TEMPORAL_DELIMITER = b"\x12\x00"


def test_reads_a_reduced_header() -> None:
    header = Writer().put((0, 3), (1, 1), (1, 1), (31, 5), *size_fields(5000, 300)).unit()
    assert largest_frame(TEMPORAL_DELIMITER + header) == (5000, 300)


def test_reads_a_header_with_timing_models_and_operating_points() -> None:
    head = [
        (0, 3),
        (0, 1),
        (0, 1),
        (1, 1),
        (1, 32),
        (1, 32),
        (1, 1),
        (1, 3),
    ]  # the last: a variable-length 0... of 1
    model = [(1, 1), (9, 5), (1, 32), (4, 5), (4, 5)]
    first = [(0, 12), (8, 5), (1, 1), (1, 1), (0, 10), (0, 10), (0, 1), (1, 1), (3, 4)]
    second = [(0, 12), (7, 5), (0, 1), (0, 1)]
    header = Writer().put(*head[:7], (0b010, 3), *model, (1, 1), (1, 5), *first, *second, *size_fields(640, 480))
    assert largest_frame(header.unit()) == (640, 480)


def test_takes_the_largest_of_several_headers() -> None:
    small = Writer().put((0, 3), (1, 1), (1, 1), (0, 5), *size_fields(64, 64)).unit()
    large = Writer().put((0, 3), (1, 1), (1, 1), (0, 5), *size_fields(9000, 32)).unit()
    assert largest_frame(small + b"\x32\x03abc" + large) == (9000, 64)


@pytest.mark.parametrize("stream", [b"", TEMPORAL_DELIMITER, b"\x0a", b"\x0a\xff\xff\xff", bytes(100)])
def test_a_stream_without_header_has_no_size(stream: bytes) -> None:
    found = largest_frame(stream)
    assert found is None or max(found) <= 2


@pytest.mark.parametrize("name", ["colour.avif", "clear.avif", "animated.avif"])
def test_refuses_a_file_that_holds_more_than_it_claims(name: str) -> None:
    raw = SOUND[name]
    size = raw.index(b"ispe") + 8
    claims = raw.replace(raw[size - 4 : size + 8], bytes(4) + (32).to_bytes(4, "big") * 2)
    with pytest.raises(UnreadableError, match="larger than the 32 x 32 pixels that it claims"):
        read_picture(claims)


def test_reads_a_picture_in_tiles_and_a_larger_one() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1500, 1100), (10, 200, 30)).save(buffer, "AVIF", speed=10, tile_rows=1, tile_cols=1)
    picture = read_picture(buffer.getvalue(), max_side=150)
    assert picture.rgb.shape == (110, 150, 3)
    np.testing.assert_allclose(picture.rgb[50, 50].astype(int), [10, 200, 30], atol=4)
