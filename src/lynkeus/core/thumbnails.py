"""Thumbnails of references for pixel agreement and the report: JPEGs of at most 16 KiB."""

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.core import CorruptError
from lynkeus.core.resizing import fit, shrink

THUMBNAIL_SIDE = 320
"""Longest side, pixels: enough for the agreement of pixels, which compares smaller pictures."""
THUMBNAIL_BYTES = 16384
"""Largest size, bytes; the size of a catalog follows from this limit."""
_QUALITIES = (80, 65, 50, 35, 20)  # tried in order until the JPEG fits; the exact steps hardly matter


def encode_thumbnail(rgb: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """The picture as a JPEG of at most 16 KiB, its longest side at most 320 pixels."""
    side = THUMBNAIL_SIDE
    while True:
        small = shrink(rgb, *fit(rgb.shape[1], rgb.shape[0], side))
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        for quality in _QUALITIES:
            _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if len(jpeg) <= THUMBNAIL_BYTES:
                return jpeg.tobytes()
        side = side * 3 // 4


def read_thumbnail(raw: bytes) -> UInt8[np.ndarray, "h w 3"]:
    """Pixels of a stored thumbnail.

    Raises:
        CorruptError: The bytes are not a JPEG.
    """
    bgr = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise CorruptError(f"stored thumbnail of {len(raw)} bytes is not a JPEG")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
