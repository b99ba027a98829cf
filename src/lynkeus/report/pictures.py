"""The source of a report's pictures, and the encoding of pictures in a page.

Source: none, ours. A picture keeps its full size beside its reduced pixels, so that findings, whose coordinates are
full-size pixels, can be drawn on a thumbnail.
"""

import base64
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.core.picture import Picture

JPEG_QUALITY = 80
"""Quality of the pictures in a page, 1 to 100; chosen by eye, since a page with many pictures must stay small."""


@runtime_checkable
class PictureSource(Protocol):
    """Gives a report the pictures of a scan; the report asks for each picture once.

    The pixels may have any size; the report shows them at a longest side of at most 420. ``width`` and ``height``
    must be the full size of the upright picture, because findings have full-size coordinates.
    """

    def upload(self, path: str) -> Picture | None:
        """The upload of this path, or None when the file can no longer be read."""
        ...

    def reference(self, reference_id: int) -> Picture | None:
        """The reference of this number in the catalog, or None when no pixels are stored."""
        ...


class NoPictures:
    """A source without pictures; the report then shows only outlines and points."""

    def upload(self, path: str) -> Picture | None:
        """None for every path."""
        del path

    def reference(self, reference_id: int) -> Picture | None:
        """None for every number."""
        del reference_id


def reduce(rgb: UInt8[np.ndarray, "h w 3"], longest: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The picture, reduced to a longest side of at most ``longest`` pixels; the proportions stay."""
    height, width = rgb.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1:
        return rgb
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def data_uri(rgb: UInt8[np.ndarray, "h w 3"]) -> str:
    """The picture as a ``data:`` address that holds a JPEG."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
