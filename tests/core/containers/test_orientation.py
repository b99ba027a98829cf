"""The orientation in EXIF blocks, sound and hostile."""

import struct

import pytest

from lynkeus.core.containers.orientation import exif_orientation


def block(order: str, entries: list[tuple[int, int, int, int]]) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = mark + struct.pack(f"{order}IH", 8, len(entries))
    return body + b"".join(struct.pack(f"{order}HHIHxx", *entry) for entry in entries) + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_finds_it_among_other_tags(order: str, orientation: int, prefix: bytes) -> None:
    entries = [(271, 3, 1, 7), (274, 3, 1, orientation), (282, 3, 1, 7)]
    assert exif_orientation(prefix + block(order, entries)) == orientation


@pytest.mark.parametrize("entry", [(274, 3, 1, 0), (274, 3, 1, 9), (274, 3, 1, 65535), (274, 4, 1, 6), (274, 3, 2, 6)])
def test_takes_nonsense_as_upright(entry: tuple[int, int, int, int]) -> None:
    assert exif_orientation(block("<", [entry])) == 1


@pytest.mark.parametrize("length", range(40))
def test_takes_a_block_cut_anywhere_before_the_value_as_upright(length: int) -> None:
    whole = block(">", [(271, 3, 1, 7), (274, 3, 1, 6)])
    assert exif_orientation(whole[:length]) == (6 if length >= 32 else 1)


@pytest.mark.parametrize("raw", [b"", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*" + bytes(4), b"XX*\0" + bytes(50)])
def test_takes_a_broken_block_as_upright(raw: bytes) -> None:
    assert exif_orientation(raw) == 1
