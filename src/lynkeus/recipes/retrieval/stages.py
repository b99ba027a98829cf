"""The stages of a retrieval recipe, each with its loss."""

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
        pull: Distance below which pairs of one class cost nothing; 0 gives the loss with a single margin.
        push: Distance above which pairs of two classes cost nothing.
        positives: Pairs within a class, per class and epoch.
        negatives: Pairs with another class, per class and epoch.
        every: Epochs that use the same drawn pairs.

    Raises:
        ValueError: ``pull`` is below 0 or not below ``push``.
    """

    pull: float
    push: float
    positives: int
    negatives: int
    every: int

    def __post_init__(self) -> None:
        """Refuse contradictory margins."""
        ContrastiveLoss(pull=self.pull, push=self.push)


@dataclass(frozen=True, kw_only=True, slots=True)
class SemiHard:
    """Triplet loss of the semi-hard triplets of a batch.

    Attributes:
        margin: Least difference of the distances without cost, above 0.
        each: Pictures per class in a batch.
    """

    margin: float
    each: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Angular:
    """ArcFace; the initial direction of a class is the mean of its pictures.

    Attributes:
        scale: Factor on the cosines.
        margin: Angular margin, radians.
    """

    scale: float
    margin: float


@runtime_checkable
class OtherLoss(Protocol):
    """A loss of another package, from the entry point group ``lynkeus.losses``; should be a frozen dataclass."""

    def make(self, *, dim: int, classes: int) -> nn.Module:
        """The loss of one group of classes: maps descriptors [b, d] of length 1 and labels [b] to the mean loss.

        Args:
            dim: Length of a descriptor.
            classes: Number of training classes of the group.
        """
        ...


Loss = Margins | SemiHard | Angular | OtherLoss


class StageObjective(nn.Module):
    """The loss of a stage, from pooled features.

    Args:
        stage: The stage.
        dim: Length of the pooled features.
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
            pooled: Pooled features of the pictures; for pairs, all first pictures, then all second pictures.
            label: Class of each picture within its group.
            group: Group of all pictures.
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
        """If the loss has directions of classes, initialise the directions of a group with the means of its classes.

        Args:
            group: Number of the group.
            pooled: Features of the group's training pictures.
            label: Class of each picture within the group.
        """
        loss = self.losses[group] if isinstance(self.stage, Angular) else None
        if isinstance(loss, ArcFace):
            sums = torch.zeros_like(loss.centres.weight).index_add(0, label, functional.normalize(pooled))
            loss.centres.weight.copy_(functional.normalize(sums))
