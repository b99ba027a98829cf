"""Vectors of objects: pictures of one model of firearm, car or bird have inner products near 1.

The network is ``lynkeus.models.embedders.object_descriptor``; its card names what trained it and the figures. The
picture keeps its aspect ratio.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.core import read_picture
from lynkeus.runtime.area import AreaModel
from lynkeus.runtime.cards import ModelCard, card

MODEL = "object-descriptor"
_LONGEST = 640


class ObjectEmbedder:
    """Pictures to vectors of length 1.

    Attributes:
        card: The card of the network.
    """

    def __init__(self) -> None:
        self.card: ModelCard = card(MODEL)
        self._model = AreaModel(self.card.path)

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The vector of a picture."""
        return self._model(rgb)

    def read(self, source: Path | bytes) -> Float32[np.ndarray, " d"]:
        """The vector of a file or of its bytes.

        Raises:
            UnreadableError: It is no picture that can be read.
        """
        return self(read_picture(source, max_side=_LONGEST).rgb)
