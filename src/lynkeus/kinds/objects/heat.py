"""Where in a picture an entity is seen: a heat map, and the box around its largest blob."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32

from lynkeus.matching.heat_box import heat_box

BOX_SHARE = 0.45
"""Of the maximum, from which on a place belongs to the box; fitted by ``benchmarks.objects.choices``."""

_FINE = 8  # the map is enlarged so much before the blob is sought, so that box edges fall between its places


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an entity is seen in a picture.

    Attributes:
        region: Its box as an outline, full-size pixels, corners in order; empty where nothing speaks for it.
        heat: See ``lynkeus.core.Heat``.
    """

    region: Float[np.ndarray, "n 2"]
    heat: Float32[np.ndarray, "i j"]


def place_of(part: Float32[np.ndarray, "i j"], width: int, height: int) -> Place:
    """Heat and box of what each place gives to a similarity.

    Args:
        part: What each place of a grid over the whole picture gives; negative where it speaks against.
        width: Of the picture, full-size pixels.
        height: Likewise.
    """
    heat = np.cbrt(np.maximum(part, 0))
    heat = np.asarray(heat / max(float(heat.max(initial=0.0)), 1e-12), np.float32)
    return Place(outline_of(heat, width, height, share=BOX_SHARE), heat)


def outline_of(heat: Float32[np.ndarray, "i j"], width: int, height: int, *, share: float) -> Float[np.ndarray, "n 2"]:
    """The box around the largest blob of a heat map, as ``Place.region``.

    Args:
        heat: The map, 0 to 1, over the whole picture.
        width: Of the picture, full-size pixels.
        height: Likewise.
        share: Of the maximum, from which on a place belongs to a blob.
    """
    high, wide = (_FINE * side for side in heat.shape)
    box = heat_box(cv2.resize(heat, (wide, high), interpolation=cv2.INTER_LINEAR), share=share)
    if box is None:
        return np.zeros((0, 2))
    left, top, right, bottom = np.array(box) / (wide, high, wide, high) * (width, height, width, height) - 0.5
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
