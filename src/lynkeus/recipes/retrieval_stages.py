"""The stages of a retrieval recipe: what each asks of a batch, and which batches it sees.

Conventions: a step shows pictures of one group; which, is drawn with the chance of the group's share of the pictures.
Batches are functions of seed and step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.data.class_batches import ClassBatches
from lynkeus.data.pairs import ClassPairs
from lynkeus.losses.arcface import ArcFace
from lynkeus.losses.contrastive import ContrastiveLoss
from lynkeus.losses.triplet import TripletLoss
from lynkeus.losses.weighted_cross_entropy import WeightedCrossEntropy


@dataclass(frozen=True, kw_only=True, slots=True)
class Classification:
    """Weighted classification of the pooled features through dropout and a linear layer.

    Attributes:
        dropout: Share of the features that a step leaves out, 0 to below 1.
    """

    dropout: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Margins:
    """Contrastive loss of pairs.

    Attributes:
        pull: Pairs of one class cost nothing below it; 0 is the loss with a single margin.
        push: Other pairs cost nothing above it.
        positives: Pairs a class of its own pictures in an epoch.
        negatives: Pairs a class with strangers in an epoch.
        every: Epochs that a draw of pairs lasts.

    Raises:
        ValueError: ``pull`` is below 0 or not below ``push``.
    """

    pull: float
    push: float
    positives: int
    negatives: int
    every: int

    def __post_init__(self) -> None:
        """Refuse margins that ask for the impossible."""
        ContrastiveLoss(pull=self.pull, push=self.push)


@dataclass(frozen=True, kw_only=True, slots=True)
class SemiHard:
    """Triplet loss of the semi-hard triplets of a batch.

    Attributes:
        margin: Wanted gap of the distances, above 0.
        each: Pictures of a class in a batch.
    """

    margin: float
    each: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Angular:
    """ArcFace, with the classes' directions beginning at the means of their pictures.

    Attributes:
        scale: Multiplies the cosines.
        margin: Angle, radians.
    """

    scale: float
    margin: float


Loss = Margins | SemiHard | Angular


class Drawn(NamedTuple):
    """What a step shows.

    Attributes:
        group: Of all its pictures.
        numbers: The pictures; of pairs the first ones, then the second ones.
        views: Which view of each.
    """

    group: int
    numbers: Int64[np.ndarray, " b"]
    views: Int64[np.ndarray, " b"]


class Draws:
    """Which pictures each step of a stage shows.

    Args:
        stage: What is asked of them.
        numbers: Pictures of each group that trains.
        label: Class of each picture, over all.
        pictures: How many a step, even.
        steps: Of the stage.
        views: A picture.
        seed: Of all chance.
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


class StageObjective(nn.Module):
    """The loss of a stage, from pooled features.

    Args:
        stage: What is asked.
        dim: Numbers of the pooled features.
        counts: Training pictures of each class of each group, in the order of the classes.
    """

    def __init__(self, stage: Classification | Loss, *, dim: int, counts: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.stage = stage
        self.heads = nn.ModuleList()
        self.losses = nn.ModuleList()
        if isinstance(stage, Classification):
            self.heads = nn.ModuleList(nn.Linear(dim, len(one)) for one in counts)
            self.losses = nn.ModuleList(WeightedCrossEntropy(one) for one in counts)
        elif isinstance(stage, Margins):
            self.losses = nn.ModuleList([ContrastiveLoss(pull=stage.pull, push=stage.push)])
        elif isinstance(stage, SemiHard):
            self.losses = nn.ModuleList([TripletLoss(margin=stage.margin, mining="semi_hard")])
        else:
            arcs = (ArcFace(dim=dim, classes=len(one), scale=stage.scale, margin=stage.margin) for one in counts)
            self.losses = nn.ModuleList(arcs)

    def forward(self, pooled: Float[Tensor, "b d"], label: Int64[Tensor, " b"], group: int) -> Float[Tensor, ""]:
        """The loss of a batch.

        Args:
            pooled: Of its pictures; of pairs the first ones, then the second ones.
            label: Class of each within its group.
            group: Of all.
        """
        if isinstance(self.stage, Classification):
            kept = functional.dropout(pooled, self.stage.dropout, self.training)
            return cast("Tensor", self.losses[group](self.heads[group](kept), label))
        descriptors = functional.normalize(pooled)
        if isinstance(self.stage, Margins):
            (first, second), (one, other) = descriptors.chunk(2), label.chunk(2)
            return cast("Tensor", self.losses[0](first, second, one == other))
        place = group if isinstance(self.stage, Angular) else 0
        return cast("Tensor", self.losses[place](descriptors, label))

    @torch.no_grad()
    def centre(self, group: int, pooled: Float[Tensor, "m d"], label: Int64[Tensor, " m"]) -> None:
        """Begin the classes' directions of a group, where the loss has such, at the means of their pictures.

        Args:
            group: Number of the group.
            pooled: Features of its training pictures.
            label: Class of each within the group.
        """
        loss = self.losses[group] if isinstance(self.stage, Angular) else None
        if isinstance(loss, ArcFace):
            sums = torch.zeros_like(loss.centres.weight).index_add(0, label, functional.normalize(pooled))
            loss.centres.weight.copy_(functional.normalize(sums))


def _sampler(
    stage: Classification | Loss, label: Int64[np.ndarray, " m"], *, pictures: int, seed: int
) -> Callable[[int], list[Int64[np.ndarray, " _"]]]:
    """Gives the batches of an epoch, as places in ``label``."""
    if isinstance(stage, SemiHard):
        classes = min(pictures // stage.each, len(np.unique(label)))
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
        raise ValueError(f"{each} pairs an epoch do not fill a step of {batch}")

    def whole(epoch: int) -> list[Int64[np.ndarray, " _"]]:
        """Without the last batch where it is not full: all steps show as many pictures."""
        return [np.concatenate([one.first, one.second]) for one in pairs.epoch(epoch) if len(one.same) == batch]

    return whole
