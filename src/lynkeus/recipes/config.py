"""The optimiser settings that all families of recipes use. No field has a default."""

from dataclasses import dataclass

from lynkeus.engine.loop import LoopOptions
from lynkeus.engine.schedule import Trapezoid


@dataclass(frozen=True, kw_only=True, slots=True)
class Descent:
    """Settings of the optimiser (AdamW) and its schedule.

    Attributes:
        steps: Steps of the run.
        warmup: Steps at the start in which the learning rates rise.
        cooldown: Steps at the end in which the learning rates fall to 0.
        backbone_rate: Learning rate of the backbone.
        head_rate: Learning rate of the linear layer.
        weight_decay: Weight decay of all weights.
        accumulate: Number of batches whose averaged gradient makes one step.
        clip_norm: Largest norm of the gradient of all weights together; None never clips the gradient.
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
        """Length and schedule for the training loop; ``stop_after`` stops the loop at a step as if interrupted."""
        rate = Trapezoid(warmup=self.warmup, cooldown=self.cooldown, steps=self.steps)
        return LoopOptions(
            steps=self.steps,
            rate=rate,
            accumulate=self.accumulate,
            clip_norm=self.clip_norm,
            stop_after=stop_after,
        )
