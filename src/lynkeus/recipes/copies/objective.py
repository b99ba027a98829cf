"""The loss of a copy recipe: its configuration, and how the loss sees a batch. No field has a default.

Both views go through the model, or one of them through its slow copy.
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
    """The loss.

    Attributes:
        temperature: Divides the similarities.
        entropy_weight: Weight of the entropy term.
        memory: Past descriptors that join the strangers.
        momentum: Share of its weights that the slow copy keeps each step; the slow copy then makes the memory. None
            has no slow copy: the memory holds the model's own past descriptors.
    """

    temperature: float
    entropy_weight: float
    memory: int
    momentum: float | None


class BothViews(nn.Module):
    """Both views through the model."""

    def __init__(self, objective: Objective, *, dim: int) -> None:
        super().__init__()
        self.loss = SscdLoss(
            dim=dim,
            temperature=objective.temperature,
            entropy_weight=objective.entropy_weight,
            memory=objective.memory,
        )

    def forward(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Terms:
        """The terms of a batch. The memory then takes the batch in."""
        descriptors = gather(fabric, cast("Tensor", model(batch.pixels)))
        picture = gather(fabric, batch.picture)
        terms = cast("Terms", self.loss(descriptors, picture))
        self.loss.memory.remember(descriptors, picture)
        return terms

    def finished(self, model: CopyDescriptor) -> CopyDescriptor:
        """The model itself."""
        return model


class SlowKeys(nn.Module):
    """The heavy view through the model, the light one through its slow copy."""

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
        """The terms of a batch. The slow copy first follows the last step; the memory then takes the keys in."""
        self.slow.follow(model)
        keys = gather(fabric, cast("Tensor", self.slow(batch.pixels[0::2])))
        queries = gather(fabric, cast("Tensor", model(batch.pixels[1::2])))
        picture = gather(fabric, batch.picture[0::2].contiguous())
        terms = cast("Terms", self.loss(queries, keys, picture))
        self.loss.memory.remember(keys, picture)
        return terms

    def finished(self, model: CopyDescriptor) -> CopyDescriptor:
        """The slow copy, which averages the last steps."""
        model.load_state_dict(self.slow.copy.state_dict())
        return model


def make_objective(objective: Objective, model: CopyDescriptor, *, dim: int) -> BothViews | SlowKeys:
    """The objective that a recipe asks for, for a model of ``dim`` numbers."""
    if objective.momentum is None:
        return BothViews(objective, dim=dim)
    return SlowKeys(objective, model, dim=dim, momentum=objective.momentum)
