"""Windows bitmaps.

Source: Microsoft, [MS-WMF] 2.2.2.9, and the OS/2 header of 12 bytes.
Run-length coded ones are decoded in Python by Pillow, so that their size is bounded.
"""

import struct

from lynkeus.core.containers.container import Container, damaged, truncated
from lynkeus.core.errors import UnreadableError

HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
_RUN_LENGTH = frozenset({1, 2})
_MOST_RUN_LENGTH_BYTES = 1 << 20
_MOST_RUN_LENGTH_PIXELS = 8_000_000


def open_bmp(raw: bytes) -> Container:
    """Take a bitmap apart.

    Raises:
        UnreadableError: The file is truncated or damaged, or run-length coded and large.
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
