"""Batches of scenes with the targets of the overlay detector; each depends only on the seed and the step.

Conventions: a scene is squashed to a square, and boxes are shares of the square's sides. The heat target is 1 in the
cell of a box's centre and falls off as a Gaussian whose width follows the box. Cells of high heat regress the box. Each
box has the same weight, whatever its size.
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

# Chosen by us, as CenterNet lets the width of the Gaussian follow the box; the exact values hardly matter.
_BELL = 0.1  # standard deviation of the Gaussian as a share of the box's side
_NARROWEST = 0.6  # least standard deviation, cells; a small box then warms the neighbours of its cell
_ANSWERS = 0.3  # heat above which a cell regresses the box


class SceneBatch(NamedTuple):
    """The scenes and targets of one step.

    Attributes:
        pixels: uint8 RGB squares.
        heat: Target of the heat map: 1 at the centre of a box, 0 far from any box.
        boxes: Target box of each cell.
        weight: Weight of each cell's box in the loss.
    """

    pixels: Tensor
    heat: Tensor
    boxes: Tensor
    weight: Tensor


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answers:
    """The targets of all cells of one scene.

    Attributes:
        heat: Target of the heat map, 0 to 1.
        boxes: Target box of each cell, shares of the sides.
        weight: Weight of each cell's box, 0 and up; the cells of a box sum to 1, unless another box claims some.
    """

    heat: Float32[np.ndarray, "g g"]
    boxes: Float32[np.ndarray, "g g 4"]
    weight: Float32[np.ndarray, "g g"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenePlan:
    """Size, resolution and seed of the batches.

    Attributes:
        scenes: Scenes per batch.
        sides: First step and side of the squares, pixels, of each phase, in order of the steps.
        stride: Side of a cell, pixels.
        seed: Seeds every random choice.
    """

    scenes: int
    sides: tuple[tuple[int, int], ...]
    stride: int
    seed: int

    def side(self, step: int) -> int:
        """Side of the squares at a step, pixels.

        >>> plan = ScenePlan(scenes=1, sides=((0, 192), (100, 256)), stride=8, seed=0)
        >>> plan.side(99), plan.side(100)
        (192, 256)
        """
        return [side for first, side in self.sides if first <= step][-1]


class SceneBatches(Dataset[SceneBatch]):
    """The batch of each step, indexed by the step, without end.

    Args:
        make: Makes scenes.
        plan: Size, resolution and seed of the batches.
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
    """The training pictures of a cache, or the held-out pictures; a call draws a picture by the share of its source.

    Args:
        cache: The pictures.
        one_in: One in ``one_in`` pictures is held out; the name decides which.
        held_out: Draw from the held-out pictures instead.
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
        """Draw one picture."""
        place = min(int(np.searchsorted(self._chance, rng.random())), len(self.numbers) - 1)
        return self.cache[int(self.numbers[place])]


def answers(boxes: Float64[np.ndarray, "k 4"], cells: int) -> Answers:
    """The targets of a map of ``cells`` x ``cells``.

    Args:
        boxes: Boxes as shares of the sides.
        cells: Number of cells per side.
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
    """The picture squashed to a square, exactly as ``runtime.sessions`` does at inference."""
    mode = cv2.INTER_AREA if rgb.shape[0] * rgb.shape[1] > side * side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=mode))


def _shares(scene: Scene) -> Float64[np.ndarray, "k 4"]:
    height, width = scene.image.shape[:2]
    return scene.boxes / np.array([width, height, width, height], np.float64)
