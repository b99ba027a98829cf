"""The orientation tag of an EXIF block.

Source: CIPA DC-008 (Exif 2.32), section 4.6.4, tag 274. A general EXIF reader follows every offset in a hostile
block. This parser reads only the entries of the first directory.
"""

import struct

_TAG = 274  # Orientation
_SHORT = 3  # field type of 16-bit numbers
_MOST_ENTRIES = 512  # bounds the time of a hostile block; sound directories have some dozens


def exif_orientation(exif: bytes) -> int:
    r"""The orientation in an EXIF block, with or without the ``Exif`` prefix.

    Returns:
        1 to 8 as in EXIF; 1 if the block is damaged or has no orientation.

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
