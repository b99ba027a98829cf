"""JPEG files.

Source: ITU-T T.81, annex B (markers); Adobe technical note 5116 (APP14, inverted CMYK).
Kept: JFIF and Adobe segments, which define the storage of colours. Dropped: all other application segments, comments,
and everything after the end of the picture (more pictures of a series, the film of a moving photo). A file without
an end marker is truncated. Each scan costs the decoder one pass, and several scans keep all coefficients in memory;
limits bound both.
"""

import re
import struct

from lynkeus.core.containers.container import PROFILE_BYTES, Container, damaged, truncated
from lynkeus.core.containers.orientation import exif_orientation
from lynkeus.core.errors import UnreadableError

# These limits bound the time that a hostile file costs. They lie far above sound files; the exact values hardly matter.
_MOST_SEGMENTS = 20_000
_MOST_SCANS = 100  # encoders write about 10
_SCANNED_PIXELS = 1_000_000_000  # scans x pixels
# T.81, table B.1: a marker is 0xFF and a code; code 0 is a stuffed byte, D0 to D7 restart within a scan, FF is filling.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Codes of T.81, table B.1: end of image and start of scan; frame headers; markers without a length.
_END, _SCAN = 0xD9, 0xDA
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SINGLE = frozenset({0x01, *range(0xD0, 0xD8)})
_PROFILE = b"ICC_PROFILE\0"  # prefix of an APP2 segment with a profile, ICC.1, annex B


class _Head:
    """The content of the segments before the first scan."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.frame = b""
        self.exif = b""
        self.adobe = False
        self.profile: dict[int, bytes] = {}

    def take(self, code: int, segment: bytes) -> None:
        """Read one segment, including marker and length."""
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
    """Parse a JPEG file.

    Raises:
        UnreadableError: The file is truncated, damaged, or too expensive to decode.
    """
    head, start = _read_head(raw)
    if len(head.frame) < 6:
        raise damaged("JPEG", "no frame header")
    precision, height, width, components = struct.unpack_from(">BHHB", head.frame)
    if precision != 8:
        raise UnreadableError(f"a JPEG with {precision} bits per sample, which is not read")
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
    """The segments up to the first scan, and the start of that scan."""
    head, position = _Head(), 2
    for _ in range(_MOST_SEGMENTS):
        if position + 4 > len(raw):
            raise truncated("the JPEG ends before its pixels")
        if raw[position] != 0xFF:
            raise damaged("JPEG", "unexpected bytes between two segments")
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
    """The end of the picture, and the number of scans."""
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
    """Number of samples of all colour components, from their sampling factors."""
    _, height, width, components = struct.unpack_from(">BHHB", frame)
    factors = frame[7 : 6 + 3 * components : 3]
    most = max((f >> 4) * (f & 15) for f in factors) if factors else 1
    return sum(width * height * (f >> 4) * (f & 15) // max(most, 1) for f in factors)


def _profile(parts: dict[int, bytes]) -> bytes:
    """The ICC profile, joined from the numbered segments."""
    whole = b"".join(parts[number] for number in sorted(parts))
    return whole if len(whole) <= PROFILE_BYTES else b""
