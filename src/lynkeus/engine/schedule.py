"""Learning rates as a pure function of the step, so a checkpoint need not save them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Trapezoid:
    """Warm up linearly, stay, then cool down linearly to 0.

    Attributes:
        warmup: Steps of the warm-up.
        cooldown: Steps of the cool-down at the end.
        steps: All steps.
    """

    warmup: int
    cooldown: int
    steps: int

    def __call__(self, step: int) -> float:
        """Factor on the full learning rate, above 0 to 1.

        Args:
            step: Step, counted from 0.

        >>> [Trapezoid(warmup=2, cooldown=2, steps=6)(step) for step in range(6)]
        [0.5, 1.0, 1.0, 1.0, 1.0, 0.5]
        """
        rise = (step + 1) / self.warmup if self.warmup else 1.0
        fall = (self.steps - step) / self.cooldown if self.cooldown else 1.0
        return min(1.0, rise, fall)
