"""The one training loop: steps, learning rates, checkpoints, log, one process or several.

Built on Lightning Fabric (https://lightning.ai/docs/fabric). It knows no model and no data: a callable
gives the terms of a step's loss, another gives the batches from any step on.

Conventions: a step's terms are means over the whole batch of all processes, equal in each of them, and
their gradients reach each process through ``gather``; then 1 and n processes give the same run. All chance
of a step follows from its number, so that a resumed run repeats the unbroken one.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from jaxtyping import Shaped
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from lynkeus.engine.run import RunFolder

B = TypeVar("B")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopOptions:
    """How long to train and how often to save.

    Attributes:
        steps: Steps of the whole run.
        rate: Factor of the learning rates at each step.
        save_minutes: Minutes between checkpoints.
        log_every: Steps between lines of the log.
        stop_after: Stop at this step as if interrupted; None goes to the end.
    """

    steps: int
    rate: Callable[[int], float]
    save_minutes: float = 5.0
    log_every: int = 10
    stop_after: int | None = None


@dataclass(kw_only=True, slots=True)
class Training:
    """What a run changes: all of it is in the checkpoint.

    Attributes:
        model: Set up by ``fabric``.
        optimiser: Set up by ``fabric``; each group has its full learning rate in ``lr``.
        loss: Holds buffers, such as a memory of past descriptors.
        step: Steps done.
    """

    model: nn.Module
    optimiser: Optimizer
    loss: nn.Module
    step: int = 0


def fit(
    fabric: Fabric,
    training: Training,
    *,
    run: RunFolder,
    batches: Callable[[int, int], Iterable[B]],
    terms: Callable[[B], Mapping[str, Tensor]],
    options: LoopOptions,
) -> None:
    """Train from the last checkpoint of the run, or from the start, to the end.

    Args:
        fabric: Launched.
        training: Changed in place.
        run: Where checkpoints and the log go.
        batches: Gives the batches from a step to behind another.
        terms: The parts of a batch's loss; ``loss`` is the one to go down.
        options: Length and rhythm.
    """
    full = [float(group["lr"]) for group in training.optimiser.param_groups]
    load(fabric, training, run)
    stop = options.steps if options.stop_after is None else min(options.stop_after, options.steps)
    bar = tqdm(total=stop, initial=training.step, unit="step", disable=not fabric.is_global_zero)
    saved = began = time.monotonic()
    first = training.step
    training.model.train()
    for batch in batches(training.step, stop):
        for group, lr in zip(training.optimiser.param_groups, full, strict=True):
            group["lr"] = lr * options.rate(training.step)
        parts = terms(batch)
        fabric.backward(parts["loss"])
        training.optimiser.step()
        training.optimiser.zero_grad()
        training.step += 1
        bar.update()
        if training.step % options.log_every == 0 and fabric.is_global_zero:
            row = {name: round(value.item(), 6) for name, value in parts.items()}
            seconds = (time.monotonic() - began) / (training.step - first)
            run.log({"step": training.step, **row, "seconds": round(seconds, 4)})
            bar.set_postfix(loss=row["loss"])
        if fabric.broadcast(time.monotonic() - saved > 60 * options.save_minutes):
            save(fabric, training, run, full)
            saved = time.monotonic()
    save(fabric, training, run, full)
    bar.close()


def save(fabric: Fabric, training: Training, run: RunFolder, full: list[float]) -> None:
    """Write the checkpoint, whole or not at all."""
    for group, lr in zip(training.optimiser.param_groups, full, strict=True):
        group["lr"] = lr
    unfinished = run.checkpoint.with_suffix(".tmp")
    fabric.save(unfinished, _state(training))
    if fabric.is_global_zero:
        unfinished.replace(run.checkpoint)
    fabric.barrier()


def load(fabric: Fabric, training: Training, run: RunFolder) -> None:
    """Come back to the last checkpoint where there is one."""
    if not run.checkpoint.exists():
        return
    state = _state(training)
    fabric.load(run.checkpoint, state, weights_only=True)
    training.step = int(state["step"])
    torch.set_rng_state(state["rng"])


def gather(fabric: Fabric, part: Shaped[Tensor, "n *rest"]) -> Shaped[Tensor, "m *rest"]:
    """The rows of all processes in order of their rank; gradients flow back to their owners."""
    if fabric.world_size == 1:
        return part
    whole = fabric.all_gather(part, sync_grads=part.requires_grad)
    if not isinstance(whole, Tensor):
        raise TypeError(f"gathered a {type(whole).__name__}, wanted a tensor")
    return whole.flatten(0, 1)


def _state(training: Training) -> dict[str, Any]:
    return {
        "model": training.model,
        "optimiser": training.optimiser,
        "loss": training.loss,
        "step": training.step,
        "rng": torch.get_rng_state(),
    }
