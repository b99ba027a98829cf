"""JPEG files.

Source: ITU-T T.81, annex B (markers); Adobe technical note 5116 (APP14, inverted CMYK).
Kept: JFIF and Adobe segments, which say how colours are stored. Dropped: all other application segments and
comments, and what follows the end of the picture (other pictures of a series, the film of a moving photo).
A file without an end marker is truncated. A picture in many scans costs its decoder one pass each, and all
its coefficients in memory, so that both are bounded.
"""

import re
import struct

from lynkeus.core.containers.container import PROFILE_BYTES, Container, damaged, truncated
from lynkeus.core.containers.orientation import exif_orientation
from lynkeus.core.errors import UnreadableError

_MOST_SEGMENTS = 20_000
_MOST_SCANS = 100
_SCANNED_PIXELS = 1_000_000_000  # scans x pixels
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_END, _SCAN = 0xD9, 0xDA
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SINGLE = frozenset({0x01, *range(0xD0, 0xD8)})
_PROFILE = b"ICC_PROFILE\0"


class _Head:
    """What the segments before the first scan say."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.frame = b""
        self.exif = b""
        self.adobe = False
        self.profile: dict[int, bytes] = {}

    def take(self, code: int, segment: bytes) -> None:
        """Take one segment, marker and length included."""
        body = segment[4:]
        if code in _FRAMES:
            if self.frame:
                raise damaged("JPEG", "two frame headers")
            self.frame = body
        elif code == 0xE1 and body.startswith(b"Exif\0\0") and not self.exif:
            self.exif = body
        elif code == 0xE2 and body.startswith(_PROFILE) and len(body) > 14:
            self.profile.setdefault(body[12], body[14:])
        elif code == 0xEE and body.startswith(b"Adobe"):
            self.adobe = True
        wanted = code == 0xE0 or (code == 0xEE and self.adobe)
        if wanted or not (0xE0 <= code <= 0xEF or code == 0xFE):
            self.kept.append(segment)


def open_jpeg(raw: bytes) -> Container:
    """Take a JPEG file apart.

    Raises:
        UnreadableError: The file is truncated, damaged, or asks for too much work.
    """
    head, start = _read_head(raw)
    if len(head.frame) < 6:
        raise damaged("JPEG", "no frame header")
    precision, height, width, components = struct.unpack_from(">BHHB", head.frame)
    if precision != 8:
        raise UnreadableError(f"a JPEG with {precision} bits a sample, which is not read")
    if not height or components not in {1, 3, 4}:
        raise damaged("JPEG", f"{components} colour components, height {height}")
    end, scans = _read_scans(raw, start)
    if scans > _MOST_SCANS or (scans > 1 and scans * width * height > _SCANNED_PIXELS):
        raise UnreadableError(f"a JPEG of {scans:,} scans of {width:,} x {height:,} pixels, which is not read")
    return Container(
        format="JPEG",
        width=width,
        height=height,
        bare=b"".join([b"\xff\xd8", *head.kept, raw[start:end]]),
        orientation=exif_orientation(head.exif),
        profile=_profile(head.profile),
        negative=components == 4 and not head.adobe,
        held=2 * _samples(head.frame) if scans > 1 else 0,
    )


def _read_head(raw: bytes) -> tuple[_Head, int]:
    """Segments up to the first scan, and where that scan starts."""
    head, position = _Head(), 2
    for _ in range(_MOST_SEGMENTS):
        if position + 4 > len(raw):
            raise truncated("the JPEG ends before its pixels")
        if raw[position] != 0xFF:
            raise damaged("JPEG", "bytes between two segments")
        code = raw[position + 1]
        if code == 0xFF:
            position += 1
        elif code in _SINGLE:
            position += 2
        elif code == _SCAN:
            return head, position
        elif code == _END:
            raise damaged("JPEG", "it holds no picture")
        else:
            (length,) = struct.unpack_from(">H", raw, position + 2)
            if length < 2:
                raise damaged("JPEG", "a segment without length")
            if position + 2 + length > len(raw):
                raise truncated("the JPEG ends before its pixels")
            head.take(code, raw[position : position + 2 + length])
            position += 2 + length
    raise damaged("JPEG", f"more than {_MOST_SEGMENTS:,} segments")


def _read_scans(raw: bytes, start: int) -> tuple[int, int]:
    """Where the picture ends, and the number of its scans."""
    position, scans = start, 0
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(raw, position)
        if found is None:
            break
        code, position = raw[found.end() - 1], found.end()
        if code == _END:
            return position, scans
        scans += code == _SCAN
        if code not in _SINGLE:
            position += int.from_bytes(raw[position : position + 2], "big")
    else:
        raise damaged("JPEG", f"more than {_MOST_SEGMENTS:,} segments")
    raise truncated("the end of the JPEG is missing")


def _samples(frame: bytes) -> int:
    """Samples of all colour components, counted from their sampling factors."""
    _, height, width, components = struct.unpack_from(">BHHB", frame)
    factors = frame[7 : 6 + 3 * components : 3]
    most = max((f >> 4) * (f & 15) for f in factors) if factors else 1
    return sum(width * height * (f >> 4) * (f & 15) // max(most, 1) for f in factors)


def _profile(parts: dict[int, bytes]) -> bytes:
    """The ICC profile, joined from its numbered segments."""
    whole = b"".join(parts[number] for number in sorted(parts))
    return whole if len(whole) <= PROFILE_BYTES else b""
