"""Batches of scenes with what the overlay detector should answer, each a pure function of the seed and the step.

Conventions: a scene is squashed to a square; boxes are then shares of its sides. The heat of a cell is 1 where the
centre of a box lies in it and falls off as a bell whose width follows the box; cells of high heat answer with the
box, and each box counts alike, whatever its size.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import cv2
import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor
from torch.utils.data import Dataset

from lynkeus.data.cache import PictureCache
from lynkeus.data.scenes import Scene, SceneMaker

_BELL = 0.1
_NARROWEST = 0.6
_ANSWERS = 0.3


class SceneBatch(NamedTuple):
    """Scenes of one step.

    Attributes:
        pixels: uint8 RGB squares.
        heat: 1 at centres of boxes, 0 far from them.
        boxes: The box that each cell should answer.
        weight: How much the answer counts.
    """

    pixels: Tensor
    heat: Tensor
    boxes: Tensor
    weight: Tensor


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answers:
    """What the cells of one scene should answer.

    Attributes:
        heat: 0 to 1.
        boxes: Shares of the sides.
        weight: At least 0; the cells of each box sum to 1, unless another box takes some.
    """

    heat: Float32[np.ndarray, "g g"]
    boxes: Float32[np.ndarray, "g g 4"]
    weight: Float32[np.ndarray, "g g"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePlan:
    """What a batch is made of.

    Attributes:
        scenes: Scenes a batch.
        sides: Side of the squares, pixels, and the step from which it holds, in order of the steps.
        stride: Pixels a cell.
        seed: Of all chance.
    """

    scenes: int
    sides: tuple[tuple[int, int], ...]
    stride: int
    seed: int

    def side(self, step: int) -> int:
        """Side of the squares of a step.

        >>> plan = ScenePlan(scenes=1, sides=((0, 192), (100, 256)), stride=8, seed=0)
        >>> plan.side(99), plan.side(100)
        (192, 256)
        """
        return [side for first, side in self.sides if first <= step][-1]


class SceneBatches(Dataset[SceneBatch]):
    """Batch number ``step`` at index ``step``, endlessly.

    Args:
        make: Makes scenes.
        plan: Size and seed.
    """

    def __init__(self, make: SceneMaker, plan: ScenePlan) -> None:
        self.make, self.plan = make, plan

    def __getitem__(self, step: int) -> SceneBatch:
        side = self.plan.side(step)
        rngs = (np.random.default_rng((self.plan.seed, step, place)) for place in range(self.plan.scenes))
        scenes = [self.make(rng) for rng in rngs]
        wanted = [answers(_shares(scene), side // self.plan.stride) for scene in scenes]
        return SceneBatch(
            torch.from_numpy(np.stack([squashed(scene.image, side) for scene in scenes])),
            torch.from_numpy(np.stack([answer.heat for answer in wanted])),
            torch.from_numpy(np.stack([answer.boxes for answer in wanted])),
            torch.from_numpy(np.stack([answer.weight for answer in wanted])),
        )


class PictureDraw(Sequence[np.ndarray]):
    """The pictures of a cache but those held out, or only those; called, it draws one by the share of its source.

    Args:
        cache: The pictures.
        one_in: One in so many pictures is held out, chosen by its name.
        held_out: Draw the held-out ones instead.
    """

    def __init__(self, cache: PictureCache, *, one_in: int, held_out: bool = False) -> None:
        self.cache = cache
        out = np.array([zlib.crc32(path.encode()) % one_in == 0 for path in cache.paths])
        self.numbers: Int64[np.ndarray, " n"] = np.flatnonzero(out if held_out else ~out)
        share = np.array([source.share for source in cache.sources])[cache.source[self.numbers]]
        self._chance: Float64[np.ndarray, " n"] = np.cumsum(share / share.sum())

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, number: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, number: slice) -> list[np.ndarray]: ...
    def __getitem__(self, number: int | slice) -> np.ndarray | list[np.ndarray]:
        if isinstance(number, slice):
            return [self.cache[int(one)] for one in self.numbers[number]]
        return self.cache[int(self.numbers[number])]

    def __call__(self, rng: np.random.Generator) -> np.ndarray:
        """One picture."""
        place = min(int(np.searchsorted(self._chance, rng.random())), len(self.numbers) - 1)
        return self.cache[int(self.numbers[place])]


def answers(boxes: Float64[np.ndarray, "k 4"], cells: int) -> Answers:
    """What a map of ``cells`` x ``cells`` should answer.

    Args:
        boxes: Shares of the sides.
        cells: Cells of each side.
    """
    heat = np.zeros((cells, cells), np.float32)
    weight = np.zeros((cells, cells), np.float32)
    wanted = np.zeros((cells, cells, 4), np.float32)
    for box in boxes:
        middle = np.minimum((box[:2] + box[2:]) / 2 * cells, cells - 1e-6)
        width = np.maximum((box[2:] - box[:2]) * cells * _BELL, _NARROWEST)
        along_x, along_y = (
            np.exp(-(((np.arange(cells) - np.floor(middle[axis])) / width[axis]) ** 2) / 2) for axis in (0, 1)
        )
        bell = (along_y[:, None] * along_x[None]).astype(np.float32)
        mine = (bell > heat) & (bell > _ANSWERS)
        wanted[mine] = box
        weight[mine] = bell[mine] / bell[bell > _ANSWERS].sum()
        heat = np.maximum(heat, bell)
    return Answers(heat=heat, boxes=wanted, weight=weight)


def squashed(rgb: np.ndarray, side: int) -> np.ndarray:
    """The picture as a square, as ``runtime.sessions`` makes it at inference."""
    mode = cv2.INTER_AREA if rgb.shape[0] * rgb.shape[1] > side * side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=mode))


def _shares(scene: Scene) -> Float64[np.ndarray, "k 4"]:
    height, width = scene.image.shape[:2]
    return scene.boxes / np.array([width, height, width, height], np.float64)
