"""What recipes of several kinds say; no field has a default."""

from dataclasses import dataclass

from lynkeus.engine.loop import LoopOptions
from lynkeus.engine.schedule import Trapezoid


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """The loss.

    Attributes:
        temperature: Divides the similarities.
        entropy_weight: Weight of the entropy term.
        memory: Past descriptors that join the strangers.
        momentum: Share of its weights that the slow copy, which makes the memory, keeps each step; None has
            no slow copy: the memory holds the model's own past descriptors.
    """

    temperature: float
    entropy_weight: float
    memory: int
    momentum: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Descent:
    """The optimiser (AdamW) and its schedule.

    Attributes:
        steps: Steps of the run.
        warmup: Steps in which the learning rates rise.
        cooldown: Steps at the end in which they fall to nothing.
        backbone_rate: Learning rate of the backbone.
        head_rate: Learning rate of the linear layer.
        weight_decay: Of all weights.
        accumulate: Batches whose gradients are averaged to one step.
        clip_norm: Longest gradient of all weights together; None leaves them.
    """

    steps: int
    warmup: int
    cooldown: int
    backbone_rate: float
    head_rate: float
    weight_decay: float
    accumulate: int
    clip_norm: float | None

    def options(self, *, stop_after: int | None = None) -> LoopOptions:
        """Length and schedule for the training loop; ``stop_after`` stops at a step as if interrupted."""
        rate = Trapezoid(warmup=self.warmup, cooldown=self.cooldown, steps=self.steps)
        return LoopOptions(
            steps=self.steps,
            rate=rate,
            accumulate=self.accumulate,
            clip_norm=self.clip_norm,
            stop_after=stop_after,
        )
