"""A toy training: noise vectors as pictures, two views each, with the objective of the copy descriptor."""

import copy
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.engine.checkpoint import Training
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import LoopOptions, Validation, fit, gather
from lynkeus.engine.run import open_run
from lynkeus.engine.schedule import Trapezoid
from lynkeus.losses.slow_copy import SlowCopy
from lynkeus.losses.sscd import SscdLoss

STEPS = 8
VIEWS = 8


@dataclass(frozen=True, kw_only=True)
class Config:
    steps: int


@dataclass(frozen=True, kw_only=True)
class Toy:
    """Settings of the toy training.

    Attributes:
        accumulate: Number of batches per step.
        validate: Measures the model during training.
        changed: Changes the loss of a batch, given the number of the batch.
        width: Width of the hidden layer.
        wait: Seconds that each step sleeps.
    """

    steps: int = STEPS
    rate: float = 0.05
    memory: int = 24
    accumulate: int = 1
    clip_norm: float | None = None
    momentum: float | None = None
    stop_after: int | None = None
    validate: Callable[[nn.Module], Mapping[str, float]] | None = None
    changed: Callable[[int, Tensor], Tensor] = field(default=lambda _, loss: loss)
    width: int = 8
    wait: float = 0.0
    save_minutes: float = 0.0


LONGER = Toy(steps=20, rate=0.005)


def train_toy(fabric: Fabric, out: Path, toy: Toy | None = None) -> dict[str, Tensor]:
    """Train and give the weights; with a momentum, the weights of the average."""
    toy = toy or Toy()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, toy.width), nn.Tanh(), nn.Linear(toy.width, 4))
    average = None if toy.momentum is None else SlowCopy(model, copy.deepcopy(model), momentum=toy.momentum)
    loss = SscdLoss(dim=4, temperature=0.2, entropy_weight=1.0, memory=toy.memory)
    wrapped, optimiser = set_up(fabric, model, torch.optim.AdamW(model.parameters(), lr=toy.rate))

    def terms(batch: tuple[int, Tensor, Tensor]) -> Mapping[str, Tensor]:
        number, views, own = batch
        time.sleep(toy.wait)
        descriptors = gather(fabric, functional.normalize(wrapped(views)))
        picture = gather(fabric, own)
        parts = loss(descriptors, picture)
        loss.memory.remember(descriptors, picture)
        return {"loss": toy.changed(number, parts.total), "entropy": parts.entropy}

    def batches(start: int, stop: int) -> Iterable[tuple[int, Tensor, Tensor]]:
        for number in range(start, stop):
            generator = torch.Generator().manual_seed(number)
            picture = torch.arange(4 * number, 4 * number + 4).repeat_interleave(2) % 14
            views = torch.randn(VIEWS, 6, generator=generator)
            each = VIEWS // fabric.world_size
            own = slice(fabric.global_rank * each, (fabric.global_rank + 1) * each)
            yield number, views[own], picture[own]

    validate = toy.validate
    fit(
        fabric,
        Training(model=wrapped, optimiser=optimiser, loss=loss, average=average),
        run=open_run(out, Config(steps=toy.steps)),
        batches=batches,
        terms=terms,
        options=LoopOptions(
            steps=toy.steps,
            rate=Trapezoid(warmup=2, cooldown=4, steps=toy.steps),
            accumulate=toy.accumulate,
            clip_norm=toy.clip_norm,
            save_minutes=toy.save_minutes,
            log_every=1,
            stop_after=toy.stop_after,
        ),
        validation=None if validate is None else Validation(every=3, measure=lambda: validate(model), best="quality"),
    )
    kept: Any = model if average is None else average.copy
    return {name: value.detach().clone() for name, value in kept.state_dict().items()}


def main() -> None:
    """Train alone and slowly, or as one of two processes; the rank comes from the environment, as under torchrun."""
    out, kind = Path(sys.argv[1]), sys.argv[2]
    if kind == "two":
        fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
        fabric.launch()
        weights = train_toy(fabric, out, LONGER)
    else:
        fabric = Fabric(accelerator="cpu", devices=1)
        weights = train_toy(fabric, out, Toy(wait=0.15, save_minutes=float(kind)))
    if fabric.is_global_zero:
        torch.save(weights, out / "weights.pt")


if __name__ == "__main__":
    main()
