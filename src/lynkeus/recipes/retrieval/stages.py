"""The stages of a retrieval recipe: what each asks of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

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


@runtime_checkable
class OtherLoss(Protocol):
    """A loss of another package, found under the entry point group ``lynkeus.losses``; best a frozen dataclass."""

    def make(self, *, dim: int, classes: int) -> nn.Module:
        """The loss of one group of classes: called with descriptors [b, d] of length 1 and labels [b], gives its mean.

        Args:
            dim: Numbers of a descriptor.
            classes: Of the group that train.
        """
        ...


Loss = Margins | SemiHard | Angular | OtherLoss


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
        elif isinstance(stage, Angular):
            arcs = (ArcFace(dim=dim, classes=len(one), scale=stage.scale, margin=stage.margin) for one in counts)
            self.losses = nn.ModuleList(arcs)
        else:
            self.losses = nn.ModuleList(stage.make(dim=dim, classes=len(one)) for one in counts)

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
        place = 0 if isinstance(self.stage, SemiHard) else group
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
