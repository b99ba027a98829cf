"""Where a report gets its pictures from, and how they are put into a page.

Source: none, ours. A picture keeps its full size beside its (reduced) pixels, so that findings, which are
in full-size pixels, can be drawn on a thumbnail.
"""

import base64
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.core.picture import Picture

JPEG_QUALITY = 80


@runtime_checkable
class PictureSource(Protocol):
    """Gives a report the pictures of a scan, one at a time, each asked for once.

    The pixels may be of any size; a longest side of about 420 is all that is shown. ``width`` and
    ``height`` must be those of the upright picture at full size, to which the findings refer.
    """

    def upload(self, path: str) -> Picture | None:
        """The upload of this path, or None where it can no longer be read."""
        ...

    def reference(self, reference_id: int) -> Picture | None:
        """The reference of this number in the catalog, or None where no pixels of it are kept."""
        ...


class NoPictures:
    """A source without any picture: the report then shows outlines and points alone."""

    def upload(self, path: str) -> Picture | None:
        """None for every path."""
        del path

    def reference(self, reference_id: int) -> Picture | None:
        """None for every number."""
        del reference_id


def reduce(rgb: UInt8[np.ndarray, "h w 3"], longest: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """The picture with its longest side at most ``longest`` pixels, proportions kept."""
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
