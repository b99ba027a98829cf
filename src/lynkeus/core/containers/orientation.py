"""The orientation tag of an EXIF block.

Source: CIPA DC-008 (Exif 2.32), section 4.6.4, tag 274. Read by hand, since a general EXIF reader follows
every offset that a hostile block names; this one looks at the entries of the first directory alone.
"""

import struct

_TAG = 274
_SHORT = 3
_MOST_ENTRIES = 512


def exif_orientation(exif: bytes) -> int:
    r"""Orientation from an EXIF block, with or without its ``Exif`` prefix.

    Returns:
        1 to 8 as in EXIF; 1 where the block has no such tag, or is damaged.

    >>> exif_orientation(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0")
    6
    """
    tiff = exif[6:] if exif[:6] == b"Exif\0\0" else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(min(count, _MOST_ENTRIES)):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _TAG:
                return value if kind == _SHORT and values == 1 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
