"""Batches of labelled pictures with hidden parts.

Conventions: the view of a picture depends only on the seed, the epoch and the picture's number. Each epoch therefore
hides other parts, and a resumed run hides the same parts. Hiding is the last step, after the resize.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lynkeus import augment as au
from lynkeus.augment.hiding import hidden_cells
from lynkeus.data.labelled import LabelledPictures
from lynkeus.data.repeat_factor import RepeatFactorBatches
from lynkeus.data.views import squash


@dataclass(frozen=True, kw_only=True, slots=True)
class MapHiding:
    """Settings that hide cells of the first layer's map.

    Attributes:
        p: Probability that a cell is hidden, 0 to 1; 0 hides nothing.
        side: Side of a cell, in cells of the map.
    """

    p: float
    side: int


class HidingBatch(NamedTuple):
    """One batch of pictures.

    Attributes:
        pixels: uint8 RGB squares.
        label: Class of each picture.
        hidden: Mask of the hidden cells of the first layer's maps; None hides nothing.
    """

    pixels: Tensor
    label: Tensor
    hidden: Tensor | None


class HidingBatches:
    """The batch of each step, indexed by the step: epoch after epoch of the training pictures, without end.

    Args:
        pictures: The pictures of all parts; only the training part is used.
        side: Side of the squares, pixels.
        batch: Pictures per batch; the last batch of an epoch may have fewer.
        hide: Hides parts of the squares.
        maps: Hides parts of the first layer's maps.
        seed: Seeds every random choice.
    """

    def __init__(
        self, pictures: LabelledPictures, *, side: int, batch: int, hide: au.Transform, maps: MapHiding, seed: int
    ) -> None:
        self.pictures, self.side, self.hide, self.maps, self.seed = pictures, side, hide, maps, seed
        self.numbers = pictures.of("train")
        self._order = RepeatFactorBatches(factor=np.ones(len(self.numbers)), batch=batch, seed=seed)
        self._steps = -(-len(self.numbers) // batch)
        self._light = au.Chain((au.Sometimes(au.Crop(keep=(0.8, 1.0)), p=0.5), au.Sometimes(au.Mirror(), p=0.5)))

    def __getitem__(self, step: int) -> HidingBatch:
        epoch, index = divmod(step, self._steps)
        chosen = self.numbers[self._order.epoch(epoch)[index]]
        pixels = np.stack([self.view(int(number), epoch) for number in chosen])
        hidden = None
        if self.maps.p > 0:
            hidden = torch.from_numpy(np.stack([self._hidden(int(number), epoch) for number in chosen]))
        return HidingBatch(torch.from_numpy(pixels), torch.from_numpy(self.pictures.label[chosen]), hidden)

    def view(self, number: int, epoch: int) -> np.ndarray:
        """The view of a picture in an epoch."""
        rng = np.random.default_rng((self.seed, epoch, number))
        return self.hide(squash(self._light(self.pictures.cache[number], rng), self.side), rng)

    def _hidden(self, number: int, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, epoch, number, 1))
        side = self.side // 2
        return hidden_cells((side, side), side=self.maps.side, p=self.maps.p, rng=rng)
