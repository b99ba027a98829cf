"""The network that describes objects: a picture and its middle become one vector.

The network is ``lynkeus.models.embedders.object_descriptor``; its card names what trained it and the figures.
"""

import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.kinds.items import made_by
from lynkeus.runtime.area import AreaModel
from lynkeus.runtime.cards import ModelCard

DESCRIPTOR = "object-descriptor"
"""Name of the model."""

_MIDDLE = 0.7
"""Share of each side that the middle keeps; chosen on the first fold of ``benchmarks.objects``."""


class ObjectEmbedder:
    """Pictures to vectors of length 1.

    Args:
        model: The card of the network.

    Raises:
        CorruptError: The file is no such network.

    Attributes:
        card: The card of the network.
        item: Name of its vectors among stored items.
    """

    def __init__(self, model: ModelCard) -> None:
        self.card = model
        self.item = made_by("vector", model)
        self.model = AreaModel(model.path)

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The vector of a picture alone, without its middle."""
        return self.model(rgb)

    def describe(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The vector of a picture and its middle, length 1."""
        high, wide = rgb.shape[:2]
        tall, broad = max(1, int(high * _MIDDLE)), max(1, int(wide * _MIDDLE))
        top, left = (high - tall) // 2, (wide - broad) // 2
        both = self(rgb) + self(np.ascontiguousarray(rgb[top : top + tall, left : left + broad]))
        return np.asarray(both / max(float(np.linalg.norm(both)), 1e-12), np.float32)
