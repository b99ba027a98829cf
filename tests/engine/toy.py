"""A toy to train: noise vectors of pictures, two views each, the copy descriptor's objective."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.engine.loop import LoopOptions, Training, fit, gather
from lynkeus.engine.run import open_run
from lynkeus.engine.schedule import Trapezoid
from lynkeus.losses.sscd import SscdLoss

STEPS = 8


@dataclass(frozen=True, kw_only=True)
class Config:
    steps: int


def train_toy(fabric: Fabric, out: Path, *, stop_after: int | None = None, memory: int = 24) -> dict[str, Tensor]:
    """Train and give the weights."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
    loss = SscdLoss(dim=4, temperature=0.2, entropy_weight=1.0, memory=memory)
    wrapped, optimiser = fabric.setup(model, torch.optim.AdamW(model.parameters(), lr=0.05))

    def terms(batch: tuple[Tensor, Tensor]) -> Mapping[str, Tensor]:
        descriptors = gather(fabric, functional.normalize(wrapped(batch[0])))
        picture = gather(fabric, batch[1])
        parts = loss(descriptors, picture)
        loss.memory.remember(descriptors, picture)
        return {"loss": parts.total}

    def batches(start: int, stop: int) -> Iterable[tuple[Tensor, Tensor]]:
        for step in range(start, stop):
            generator = torch.Generator().manual_seed(step)
            picture = torch.arange(4 * step, 4 * step + 4).repeat_interleave(2) % 14
            views = torch.randn(8, 6, generator=generator)
            each = 8 // fabric.world_size
            own = slice(fabric.global_rank * each, (fabric.global_rank + 1) * each)
            yield views[own], picture[own]

    options = LoopOptions(
        steps=STEPS,
        rate=Trapezoid(warmup=2, cooldown=4, steps=STEPS),
        save_minutes=0.0,
        log_every=1,
        stop_after=stop_after,
    )
    training = Training(model=wrapped, optimiser=optimiser, loss=loss)
    fit(
        fabric,
        training,
        run=open_run(out, Config(steps=STEPS)),
        batches=batches,
        terms=terms,
        options=options,
    )
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def main() -> None:
    """One of two processes; its place comes from the environment, as under torchrun."""
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
    fabric.launch()
    out = Path(sys.argv[1])
    weights = train_toy(fabric, out)
    if fabric.is_global_zero:
        torch.save(weights, out / "weights.pt")


if __name__ == "__main__":
    main()
