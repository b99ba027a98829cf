"""Resize pictures to one area instead of one shape, which keeps the aspect ratio and so the look of a thing.

Conventions: sides are multiples of 32, the stride of the networks. A ratio above 4 is squeezed to 4.
"""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.core import CorruptError
from lynkeus.runtime.sessions import open_session

AREA = "area"
"""Metadata key in a model file; its value is the input area in square pixels."""
TOWARDS, HEAT = "towards", "heat"
"""Second input and second output of a model that gives heat maps; see ``AreaModel.heat``."""
STRIDE = 32
"""Total stride of the backbones: one cell of the last feature map is a square of 32 pixels."""
_RATIO = 4.0  # a longer strip would shrink to a few cells in height; the exact value hardly matters


def sides_of_area(width: int, height: int, area: int) -> tuple[int, int]:
    """Width and height, multiples of 32, with about the given area and aspect ratio.

    Args:
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        area: Wanted area, square pixels. From 200 x 200 up the result is within a fifth of the wanted area.

    >>> sides_of_area(640, 480, 256 * 256), sides_of_area(227, 227, 256 * 256)
    ((288, 224), (256, 256))
    """
    ratio = min(max(width / height, 1 / _RATIO), _RATIO)
    wanted = (area * ratio) ** 0.5, (area / ratio) ** 0.5
    wide, high = (max(STRIDE, STRIDE * round(side / STRIDE)) for side in wanted)
    return wide, high


def at_area(rgb: UInt8[np.ndarray, "h w 3"], area: int) -> UInt8[np.ndarray, "i j 3"]:
    """The picture, resized to the sides of ``sides_of_area``."""
    return resized(rgb, sides_of_area(rgb.shape[1], rgb.shape[0], area))


def resized(rgb: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "i j 3"]:
    """The picture, resized to a width and height: area averaging to shrink, linear interpolation to enlarge."""
    smaller = rgb.shape[0] * rgb.shape[1] > size[0] * size[1]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


class AreaModel:
    """A network for uint8 RGB of any sides that are multiples of 32; the network normalises the pixels.

    Args:
        file: The ONNX file; its metadata give the input area in square pixels under ``area``.

    Raises:
        CorruptError: The file is missing, is not a model, or names no area.

    Attributes:
        area: Input area, square pixels.
        gives_heat: Whether the model supports ``heat``.
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
        """The output of the network for one picture."""
        return np.asarray(self._session.run(None, {self._name: at_area(rgb, self.area)[None]})[0])[0]

    def heat(
        self, rgb: UInt8[np.ndarray, "h w 3"], towards: Float32[np.ndarray, "m d"], *, area: int
    ) -> Float32[np.ndarray, "i j m"]:
        """A heat map per vector: the share of each place in the inner product with that vector.

        Args:
            rgb: The picture. A place is a square of ``STRIDE`` pixels of the resized picture; the first place is at the
                upper left.
            towards: Outputs for other pictures, or differences between outputs.
            area: Input area for the heat map, square pixels; a larger area gives a finer grid.
        """
        pixels = at_area(rgb, area)[None]
        return np.asarray(self._session.run([HEAT], {self._name: pixels, TOWARDS: towards})[0])[0]
