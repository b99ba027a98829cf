"""A heat map as a picture that is laid over the upload.

Source: none, ours. Colours run from black over red to yellow and grow lighter all the way, so that the order is seen
without colour, too, and half opaque they darken what does not count.
"""

import base64

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

LONGEST = 96


def heat_pixels(heat: Float32[np.ndarray, "i j"], width: int, height: int) -> UInt8[np.ndarray, "h w 3"]:
    """A heat map in colour, interpolated to a width and height.

    Args:
        heat: 0 to 1, a grid over the whole picture.
        width: Pixels wanted.
        height: Likewise.
    """
    clean = np.clip(np.nan_to_num(heat), 0, 1).astype(np.float32)
    grown = np.clip(cv2.resize(clean, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    bgr = cv2.applyColorMap(np.round(255 * grown).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def heat_uri(heat: Float32[np.ndarray, "i j"], full: tuple[int, int]) -> str:
    """A heat map as a ``data:`` address that holds a PNG.

    Args:
        heat: 0 to 1, a grid over the whole picture.
        full: (width, height) of the picture, which gives the proportions.
    """
    factor = LONGEST / max(full)
    width, height = (max(1, round(side * factor)) for side in full)
    _, png = cv2.imencode(".png", cv2.cvtColor(heat_pixels(heat, width, height), cv2.COLOR_RGB2BGR))
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
