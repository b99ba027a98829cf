"""Batches of the object descriptor's training: pictures of all groups; some parts show only a piece of the maps."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from lynkeus.core import DataError
from lynkeus.data.classes import ClassPictures
from lynkeus.recipes.view_maps import ViewMaps

_EACH = 2  # most pictures of a class in a batch, so that a batch has many classes
_PIECE = 0.75  # width and height of a piece, as a share of the maps


class ObjectBatch(NamedTuple):
    """Pictures of all groups.

    Attributes:
        maps: Maps of one view per picture; pictures whose maps have one shape are stacked.
        label: Class of each picture, in the order of the maps.
    """

    maps: list[Tensor]
    label: Tensor


class ObjectBatches:
    """Batch number ``step`` at index ``step``, a pure function of the seed and the step.

    Args:
        pictures: The classes.
        maps: The maps of the pictures.
        apart: Folder and name of the held-out classes, which do not train.
        each: Number of pictures of each group.
        cropped: Share of the parts that show only a piece of the maps.
        seed: Seed of all randomness.

    Raises:
        DataError: Every class is held out.
    """

    def __init__(
        self,
        pictures: ClassPictures,
        maps: ViewMaps,
        *,
        apart: frozenset[tuple[str, str]],
        each: Sequence[int],
        cropped: float,
        seed: int,
    ) -> None:
        self.maps, self.seed, self.cropped = maps, seed, cropped
        kept = pictures.without(apart)
        if not kept.any():
            raise DataError("every class is held out: none is left to train")
        self.classes, label = np.unique(pictures.label[kept], return_inverse=True)
        self.numbers: Int64[np.ndarray, " m"] = np.flatnonzero(kept)
        self.label: Int64[np.ndarray, " n"] = np.full(len(kept), -1, np.int64)
        self.label[self.numbers] = label
        self._members = [self.numbers[label == one] for one in range(len(self.classes))]
        group = [int(pictures.cache.source[members[0]]) for members in self._members]
        self.group: Int64[np.ndarray, " c"] = np.array(group, np.int64)
        self._each = tuple(each)

    def __getitem__(self, step: int) -> ObjectBatch:
        rng = np.random.default_rng((self.seed, step))
        drawn = np.concatenate([self._draw(group, count, rng) for group, count in enumerate(self._each)])
        parts = self.maps.alike(drawn)
        maps = [self.maps.stacked(part, rng.integers(self.maps.views, size=len(part))) for part in parts]
        maps = [_piece(each, rng) if rng.random() < self.cropped else each for each in maps]
        return ObjectBatch(maps, torch.from_numpy(self.label[np.concatenate(parts)]))

    def _draw(self, group: int, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " k"]:
        """Draw classes uniformly, up to two pictures of each, until there are enough; no training classes give none."""
        known = np.flatnonzero(self.group == group)
        if not len(known):
            return np.empty(0, np.int64)
        classes = rng.choice(known, min(len(known), -(-count // _EACH)), replace=False)
        turns = [classes[place % len(classes)] for place in range(count)]
        return np.array([rng.choice(self._members[one]) for one in turns], np.int64)


def _piece(maps: Tensor, rng: np.random.Generator) -> Tensor:
    """A piece of the maps at a uniformly drawn place."""
    height, width = (max(1, round(_PIECE * side)) for side in maps.shape[2:])
    top, left = (int(rng.integers(side - kept + 1)) for side, kept in zip(maps.shape[2:], (height, width), strict=True))
    piece = maps[:, :, top : top + height, left : left + width]
    return piece.contiguous(memory_format=torch.channels_last)
