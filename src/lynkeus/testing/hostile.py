"""Hundreds of broken and hostile files that test whether a picture reader survives.

Source: ours. There are three kinds: valid pictures that are cut off, have flipped bits or start like another format;
structures that are expensive or contradictory (`lynkeus.testing.hostile_structures`); and paths that are not files
(`lynkeus.testing.hostile_paths`). No file attacks a known fault of one library.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lynkeus.testing.hostile_paths import write_hostile_paths
from lynkeus.testing.hostile_structures import Broken, hostile_structures
from lynkeus.testing.sound_pictures import sound_pictures

_CUTS = 20  # cuts per picture
_FLIPS = 8  # variants with flipped bits per picture; every second one flips bits near the start
_FIRST_IS_WHOLE = frozenset({"animated.gif", "pages.tif"})  # the first frame or page can be complete
_LAST_BYTE_IS_IDLE = frozenset({"animated.gif", "still.gif", "pages.tif"})  # no reader needs the last byte
# The start of a file of each format.
_HEADS = {
    "jpg": b"\xff\xd8\xff\xe0",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "tif": b"II*\0",
    "webp": b"RIFF\0\1\0\0WEBPVP8 ",
    "bmp": b"BM\0\1\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    "avif": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HostileFile:
    """One hostile file.

    Attributes:
        path: Path of the file.
        why: What is wrong with the file.
        may_decode: A reader may decode the file; otherwise the reader must refuse it.
    """

    path: Path
    why: str
    may_decode: bool


def write_hostile_files(folder: Path, rng: np.random.Generator) -> list[HostileFile]:
    """Write all hostile files into a folder.

    Pipes, sockets, unreadable files and names that are not UTF-8 are created if the system allows them.

    Args:
        folder: An existing folder, preferably empty; some created paths lead back to this folder.
        rng: Source of the pictures, of the flipped bits and of the noise.
    """
    written: list[HostileFile] = []
    sound = sound_pictures(rng)
    broken_files = [
        *_cut_off(sound),
        *_turned_bits(sound, rng),
        *_noise(sound, rng),
        *hostile_structures(sound),
    ]
    for broken in broken_files:
        path = folder / broken.name
        path.write_bytes(broken.content)
        written.append(HostileFile(path=path, why=broken.why, may_decode=broken.may_decode))
    for path, why in write_hostile_paths(folder / "paths"):
        written.append(HostileFile(path=path, why=why, may_decode=False))
    return written


def _cut_off(sound: dict[str, bytes]) -> list[Broken]:
    """Each valid picture, cut off after each twentieth of its length."""
    found: list[Broken] = []
    for name, raw in sound.items():
        for part in range(1, _CUTS):
            why = f"the first {part} of {_CUTS} parts of a valid picture"
            cut = raw[: len(raw) * part // _CUTS]
            found.append(Broken(f"cut-{part:02}-{name}", cut, why, name in _FIRST_IS_WHOLE))
        why, complete = "the last byte is missing", name in _LAST_BYTE_IS_IDLE
        found.append(Broken(f"cut-byte-{name}", raw[:-1], why, may_decode=complete))
    return found


def _turned_bits(sound: dict[str, bytes], rng: np.random.Generator) -> list[Broken]:
    """Each valid picture with flipped bits, in the first bytes or anywhere."""
    found: list[Broken] = []
    for name, raw in sound.items():
        for number in range(_FLIPS):
            content = bytearray(raw)
            reach = min(len(raw), 200) if number % 2 else len(raw)
            places = rng.integers(0, reach, 1 + number)
            for place in places:
                content[place] ^= 1 << int(rng.integers(8))
            why = f"{len(places)} flipped bits in the first {reach} bytes"
            found.append(Broken(f"bits-{number}-{name}", bytes(content), why, may_decode=True))
    return found


def _noise(sound: dict[str, bytes], rng: np.random.Generator) -> list[Broken]:
    """Random bytes with and without the start of a picture, and pictures with the start of another format."""
    found = [
        Broken("empty.jpg", b"", "an empty file"),
        Broken("zeros.png", bytes(100_000), "nothing but zeros"),
        *(
            Broken(f"noise-{size}.jpg", bytes([1]) + rng.bytes(size - 1), f"{size} random bytes")
            for size in (1, 2, 3, 8, 15, 16, 100, 4_000)
        ),
    ]
    for suffix, head in _HEADS.items():
        found.append(Broken(f"head.{suffix}", head, "the first bytes of a picture alone"))
        for size in (30, 300, 3_000):
            why = f"the start of a picture, then {size} random bytes"
            found.append(Broken(f"noise-{size}.{suffix}", head + rng.bytes(size), why, may_decode=True))
        for other, start in _HEADS.items():
            if other != suffix:
                raw = next(r for name, r in sound.items() if name.endswith(suffix))
                why = f"a {suffix} whose first bytes are those of a {other}"
                found.append(Broken(f"as-{other}.{suffix}", start + raw[len(start) :], why))
    return found
