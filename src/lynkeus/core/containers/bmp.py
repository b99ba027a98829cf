"""Windows bitmaps.

Source: Microsoft, [MS-WMF] 2.2.2.9, and the OS/2 header of 12 bytes.
Pillow decodes run-length coding in Python, which is slow, so the size of a run-length coded bitmap is limited.
"""

import struct

from lynkeus.core.containers.container import Container, damaged, truncated
from lynkeus.core.errors import UnreadableError

HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Sizes of the header in all versions of the format."""
_RUN_LENGTH = frozenset({1, 2})  # compression BI_RLE8 and BI_RLE4
# These limits bound the time that Pillow's Python decoder takes; the exact values hardly matter.
_MOST_RUN_LENGTH_BYTES = 1 << 20
_MOST_RUN_LENGTH_PIXELS = 8_000_000


def open_bmp(raw: bytes) -> Container:
    """Parse a Windows bitmap.

    Raises:
        UnreadableError: The file is truncated, damaged, or both run-length coded and large.
    """
    if len(raw) < 14 + raw[14]:
        raise truncated("the BMP ends in its header")
    if raw[14] == 12:
        width, height = struct.unpack_from("<HH", raw, 18)
        coding = 0
    else:
        width, height = struct.unpack_from("<ii", raw, 18)
        (coding,) = struct.unpack_from("<I", raw, 30)
    if width < 0:
        raise damaged("BMP", "a negative width")
    height = abs(height)
    large = len(raw) > _MOST_RUN_LENGTH_BYTES or width * height > _MOST_RUN_LENGTH_PIXELS
    if coding in _RUN_LENGTH and large:
        raise UnreadableError("a large run-length coded BMP, which is not read")
    return Container(format="BMP", width=width, height=height, bare=raw)
