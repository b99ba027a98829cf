"""The batches of the stages of a retrieval recipe.

Conventions: a step shows pictures of one group. The probability of a group is proportional to its number of pictures.
Batches are functions of seed and step.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from lynkeus.core import DataError
from lynkeus.data.class_batches import ClassBatches
from lynkeus.data.pairs import ClassPairs
from lynkeus.recipes.retrieval.stages import Classification, Loss, Margins, SemiHard
from lynkeus.recipes.view_maps import ViewMaps


class Drawn(NamedTuple):
    """The pictures of a step.

    Attributes:
        group: Group of all pictures.
        numbers: Numbers of the pictures; for pairs, all first pictures, then all second pictures.
        views: Number of the view of each picture.
    """

    group: int
    numbers: Int64[np.ndarray, " b"]
    views: Int64[np.ndarray, " b"]


class Draws:
    """Draw the pictures of each step of a stage.

    Args:
        stage: The stage.
        numbers: Training pictures of each group.
        label: Class of each picture, over all groups.
        pictures: Pictures per step, even.
        steps: Steps of the stage.
        views: Views per picture.
        seed: Seed of all randomness.
    """

    def __init__(
        self,
        stage: Classification | Loss,
        numbers: Sequence[Int64[np.ndarray, " _"]],
        label: Int64[np.ndarray, " n"],
        *,
        pictures: int,
        steps: int,
        views: int,
        seed: int,
    ) -> None:
        self._numbers, self._views, self._seed = numbers, views, seed
        sizes = np.array([len(one) for one in numbers])
        self._group = np.random.default_rng((seed, 0)).choice(len(sizes), steps, p=sizes / sizes.sum())
        self._turn = np.array([np.sum(self._group[:step] == self._group[step]) for step in range(steps)])
        self._samplers = [
            _sampler(stage, label[one], pictures=pictures, seed=seed + place) for place, one in enumerate(numbers)
        ]
        self._epochs: list[tuple[int, list[Int64[np.ndarray, " _"]]]] = [(0, one(0)) for one in self._samplers]

    def __getitem__(self, step: int) -> Drawn:
        group, turn = int(self._group[step]), int(self._turn[step])
        size = len(self._epochs[group][1])
        if self._epochs[group][0] != turn // size:
            self._epochs[group] = turn // size, self._samplers[group](turn // size)
        chosen = self._numbers[group][self._epochs[group][1][turn % size]]
        rng = np.random.default_rng((self._seed, 1, step))
        return Drawn(group, chosen, rng.integers(self._views, size=len(chosen)))


class StepBatch(NamedTuple):
    """This process's share of a step's pictures.

    Attributes:
        parts: Maps of one view per picture; pictures whose maps have one shape are stacked.
        order: Reorders the results of the parts into the order of the pictures.
        label: Class, within the group, of each picture of the step, over all processes.
        group: Group of all pictures.
    """

    parts: list[Tensor]
    order: Tensor
    label: Tensor
    group: int


class StageBatches:
    """Batch number ``step`` at index ``step``: this process's share of the drawn pictures.

    Args:
        draws: The pictures of each step.
        maps: Maps of all views of all pictures.
        label: Class of each picture within its group.
        rank: Number of this process.
        world: Number of processes; they share the pictures of a step evenly.
    """

    def __init__(self, draws: Draws, maps: ViewMaps, label: Int64[np.ndarray, " n"], *, rank: int, world: int) -> None:
        self._draws, self._maps, self._label = draws, maps, label
        self._rank, self._world = rank, world

    def __getitem__(self, step: int) -> StepBatch:
        drawn = self._draws[step]
        share = len(drawn.numbers) // self._world
        mine = slice(self._rank * share, (self._rank + 1) * share)
        own, views = drawn.numbers[mine], drawn.views[mine]
        rows = self._maps.rows_alike(own)
        parts = [self._maps.stacked(own[one], views[one]) for one in rows]
        order = torch.from_numpy(np.argsort(np.concatenate(rows)))
        return StepBatch(parts, order, torch.from_numpy(self._label[drawn.numbers]), drawn.group)


def _sampler(
    stage: Classification | Loss, label: Int64[np.ndarray, " m"], *, pictures: int, seed: int
) -> Callable[[int], list[Int64[np.ndarray, " _"]]]:
    """The batches of an epoch, as places in ``label``."""
    if isinstance(stage, SemiHard):
        most = min(pictures // stage.each, len(np.unique(label)))
        classes = max(count for count in range(1, most + 1) if pictures % count == 0)
        return ClassBatches(label=label, classes=classes, pictures=pictures // classes, seed=seed).epoch
    if isinstance(stage, Margins):
        return _pairs(stage, label, pictures // 2, seed)

    def shuffled(epoch: int) -> list[Int64[np.ndarray, " _"]]:
        order = np.random.default_rng((seed, epoch)).permutation(len(label))
        return list(np.resize(order, (-(-len(label) // pictures), pictures)))

    return shuffled


def _pairs(
    stage: Margins, label: Int64[np.ndarray, " m"], batch: int, seed: int
) -> Callable[[int], list[Int64[np.ndarray, " _"]]]:
    pairs = ClassPairs(
        label=label, seed=seed, positives=stage.positives, negatives=stage.negatives, batch=batch, every=stage.every
    )
    if (each := len(np.unique(label)) * (stage.positives + stage.negatives)) < batch:
        raise DataError(f"{each} pairs per epoch do not fill a step of {batch}")

    def whole(epoch: int) -> list[Int64[np.ndarray, " _"]]:
        """Drop the last batch if it is not full: every step shows the same number of pictures."""
        return [np.concatenate([one.first, one.second]) for one in pairs.epoch(epoch) if len(one.same) == batch]

    return whole
