"""Where another picture was pasted into an upload, so that what is pasted can be looked at alone.

Source: the overlay detection of imgFp (ISC 2021): its crop feeds both branches of the copy recogniser. Kept: boxes of
at most 85 % of the picture and an aspect of 1/4 to 4. The network is ``lynkeus.models.detectors.overlay``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.metrics.localisation import overlaps
from lynkeus.runtime.cards import ModelCard
from lynkeus.runtime.sessions import PixelModel

MODEL = "overlay-finder"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Overlays:
    """Pasted pictures, the most certain first.

    Attributes:
        xyxy: Boxes x0, y0, x1, y1, pixels of the given picture, edges from 0 to its width and height.
        confidence: 0 to 1 each; not a probability.
    """

    xyxy: Float32[np.ndarray, "n 4"]
    confidence: Float32[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.xyxy)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OverlayFinder:
    """Finds pictures pasted into a picture.

    Attributes:
        model: The network: box (shares of the picture) and confidence of each cell, for one picture.
        least: Lowest confidence that is kept.
        most: Boxes that are kept at most.
        apart: IoU above which the less certain of two boxes is dropped.
        largest: Largest share of the picture's area.
        slimmest: Lowest ratio of the shorter to the longer side of a box, pixels.
    """

    model: Callable[[np.ndarray], Sequence[Any]]
    least: float = 0.3
    most: int = 4
    apart: float = 0.5
    largest: float = 0.85
    slimmest: float = 0.25

    @classmethod
    def load(cls, model: ModelCard) -> "OverlayFinder":
        """With the network of a card."""
        return cls(model=PixelModel(model.path))

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Overlays:
        """The pasted pictures of a picture; none is an empty answer."""
        cells = np.asarray(self.model(rgb)[0][0], np.float32)
        return self.choose(cells, rgb.shape[1], rgb.shape[0])

    def choose(self, cells: Float32[np.ndarray, "cells 5"], width: int, height: int) -> Overlays:
        """The boxes worth keeping of all that the cells answer.

        Args:
            cells: Box in shares of the picture, and confidence, of each cell.
            width: Of the picture, pixels.
            height: Of the picture, pixels.
        """
        cells = cells[cells[:, 4] >= self.least]
        cells = cells[np.argsort(-cells[:, 4], kind="stable")]
        size = np.array([width, height, width, height], np.float32)
        boxes = np.clip(cells[:, :4], 0, 1) * size
        sides = boxes[:, 2:] - boxes[:, :2]
        small = sides.prod(axis=1) <= self.largest * width * height
        shaped = (sides.min(axis=1) >= self.slimmest * sides.max(axis=1)) & (sides.min(axis=1) > 0)
        boxes, confidence = boxes[small & shaped], cells[small & shaped, 4]
        kept: list[int] = []
        for number in range(len(boxes)):
            if len(kept) == self.most:
                break
            if not (overlap(boxes[number], boxes[kept]) > self.apart).any():
                kept.append(number)
        return Overlays(xyxy=boxes[kept], confidence=confidence[kept])


def overlap(box: Float32[np.ndarray, "4"], others: Float32[np.ndarray, "n 4"]) -> Float32[np.ndarray, " n"]:
    """Intersection over union of a box with others.

    >>> overlap(np.array([0, 0, 2, 2], np.float32), np.array([[1, 0, 3, 2]], np.float32)).round(3).tolist()
    [0.3330000042915344]
    """
    return overlaps(box[None], others)[0].astype(np.float32)
