"""Pictures brought to one area instead of one shape: the aspect ratio stays, and with it what a thing looks like.

Conventions: sides are multiples of 32, the stride of the networks. A ratio beyond 4 is squeezed to 4.
"""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.core import CorruptError
from lynkeus.runtime.sessions import open_session

AREA = "area"
"""Key of the metadata of a model file that says how many square pixels it wants."""
TOWARDS, HEAT = "towards", "heat"
"""Input and output of a model that says how much each place speaks for something; see ``AreaModel.heat``."""
STRIDE = 32
_RATIO = 4.0


def sides_of_area(width: int, height: int, area: int) -> tuple[int, int]:
    """Width and height, multiples of 32, of about an area and about the ratio of the sides given.

    Args:
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        area: Wanted, square pixels; what comes out is within a fifth of it where it is 200 x 200 or more.

    >>> sides_of_area(640, 480, 256 * 256), sides_of_area(227, 227, 256 * 256)
    ((288, 224), (256, 256))
    """
    ratio = min(max(width / height, 1 / _RATIO), _RATIO)
    wanted = (area * ratio) ** 0.5, (area / ratio) ** 0.5
    wide, high = (max(STRIDE, STRIDE * round(side / STRIDE)) for side in wanted)
    return wide, high


def at_area(rgb: UInt8[np.ndarray, "h w 3"], area: int) -> UInt8[np.ndarray, "i j 3"]:
    """The picture at the sides of ``sides_of_area``."""
    return resized(rgb, sides_of_area(rgb.shape[1], rgb.shape[0], area))


def resized(rgb: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "i j 3"]:
    """The picture at a width and height: averaged where it gets smaller, interpolated where it grows."""
    smaller = rgb.shape[0] * rgb.shape[1] > size[0] * size[1]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


class AreaModel:
    """A network that takes pixels of any sides that are multiples of 32: uint8 RGB, normalised inside.

    Args:
        file: The ONNX file; its metadata say under ``area`` to how many square pixels a picture is brought.

    Raises:
        CorruptError: The file is missing or no model, or names no area.

    Attributes:
        area: Square pixels to which a picture is brought.
        gives_heat: Whether ``heat`` can be asked for.
    """

    def __init__(self, file: Path) -> None:
        self._session = open_session(file)
        self._name = self._session.get_inputs()[0].name
        area = self._session.get_modelmeta().custom_metadata_map.get(AREA, "")
        if not area.isdecimal():
            raise CorruptError(f"{file}: its metadata name no area")
        self.area = int(area)
        self.gives_heat = HEAT in {output.name for output in self._session.get_outputs()}

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The network's answer for one picture."""
        return np.asarray(self._session.run(None, {self._name: at_area(rgb, self.area)[None]})[0])[0]

    def heat(
        self, rgb: UInt8[np.ndarray, "h w 3"], towards: Float32[np.ndarray, "m d"], *, area: int
    ) -> Float32[np.ndarray, "i j m"]:
        """How much each place of a picture speaks for each of some vectors: parts of the inner products.

        Args:
            rgb: The picture; a place is a square of ``STRIDE`` pixels of it at the area, the first at the upper left.
            towards: Answers for other pictures, or differences of such.
            area: To how many square pixels the picture is brought for that; more give a finer grid.
        """
        pixels = at_area(rgb, area)[None]
        return np.asarray(self._session.run([HEAT], {self._name: pixels, TOWARDS: towards})[0])[0]
