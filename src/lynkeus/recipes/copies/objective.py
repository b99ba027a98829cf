"""The loss of a copy recipe: its settings, and its computation for a batch. No field has a default.

Both views go through the model, or one view goes through the model's slow copy.
"""

from dataclasses import dataclass
from typing import cast

from lightning_fabric import Fabric
from torch import Tensor, nn

from lynkeus.data.batches import Batch
from lynkeus.engine.loop import gather
from lynkeus.losses.momentum_sscd import MomentumSscdLoss
from lynkeus.losses.slow_copy import SlowCopy
from lynkeus.losses.sscd import SscdLoss, Terms
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """Settings of the loss.

    Attributes:
        temperature: Divisor of the similarities.
        entropy_weight: Weight of the entropy term.
        memory: Number of past descriptors that serve as additional negatives.
        momentum: Share of the slow copy's weights that it keeps at each step; the slow copy then fills the memory.
            None means no slow copy: the memory holds the model's past descriptors.
    """

    temperature: float
    entropy_weight: float
    memory: int
    momentum: float | None


class BothViews(nn.Module):
    """Both views go through the model."""

    def __init__(self, objective: Objective, *, dim: int) -> None:
        super().__init__()
        self.loss = SscdLoss(
            dim=dim,
            temperature=objective.temperature,
            entropy_weight=objective.entropy_weight,
            memory=objective.memory,
        )

    def forward(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Terms:
        """The loss terms of a batch. The batch then enters the memory."""
        descriptors = gather(fabric, cast("Tensor", model(batch.pixels)))
        picture = gather(fabric, batch.picture)
        terms = cast("Terms", self.loss(descriptors, picture))
        self.loss.memory.remember(descriptors, picture)
        return terms

    def finished(self, model: CopyDescriptor) -> CopyDescriptor:
        """The model itself."""
        return model


class SlowKeys(nn.Module):
    """The heavy view goes through the model, the light view through the slow copy of the model."""

    def __init__(self, objective: Objective, model: CopyDescriptor, *, dim: int, momentum: float) -> None:
        super().__init__()
        self.slow = SlowCopy(model, CopyDescriptor(dim=dim), momentum=momentum)
        self.loss = MomentumSscdLoss(
            dim=dim,
            temperature=objective.temperature,
            entropy_weight=objective.entropy_weight,
            memory=objective.memory,
        )

    def forward(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Terms:
        """The loss terms of a batch. The slow copy first follows the last step; the keys then enter the memory."""
        self.slow.follow(model)
        keys = gather(fabric, cast("Tensor", self.slow(batch.pixels[0::2])))
        queries = gather(fabric, cast("Tensor", model(batch.pixels[1::2])))
        picture = gather(fabric, batch.picture[0::2].contiguous())
        terms = cast("Terms", self.loss(queries, keys, picture))
        self.loss.memory.remember(keys, picture)
        return terms

    def finished(self, model: CopyDescriptor) -> CopyDescriptor:
        """The model with the weights of the slow copy, which averages the last steps."""
        model.load_state_dict(self.slow.copy.state_dict())
        return model


def make_objective(objective: Objective, model: CopyDescriptor, *, dim: int) -> BothViews | SlowKeys:
    """The objective that a recipe asks for, for a model of ``dim`` numbers."""
    if objective.momentum is None:
        return BothViews(objective, dim=dim)
    return SlowKeys(objective, model, dim=dim, momentum=objective.momentum)
