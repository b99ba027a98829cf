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
from itertools import islice
from typing import Any, TypeVar, cast

import torch
from jaxtyping import Shaped
from lightning_fabric import Fabric
from torch import Tensor
from tqdm import tqdm

from lynkeus.core import DivergedError
from lynkeus.engine.checkpoint import Training, load, save, save_best
from lynkeus.engine.interruption import Interruption
from lynkeus.engine.launch import refuse_separate_statistics
from lynkeus.engine.run import RunFolder, RunLog

B = TypeVar("B")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopOptions:
    """How long to train and how often to save.

    Attributes:
        steps: Steps of the whole run.
        rate: Factor of the learning rates at each step.
        accumulate: Batches whose gradients are averaged to one step.
        clip_norm: Longest gradient of all weights together; longer ones are scaled down. None leaves them.
        save_minutes: Minutes between checkpoints.
        log_every: Steps between lines of the log.
        stop_after: Stop at this step as if interrupted; None goes to the end.
    """

    steps: int
    rate: Callable[[int], float]
    accumulate: int = 1
    clip_norm: float | None = None
    save_minutes: float = 5.0
    log_every: int = 10
    stop_after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """What is measured in between, on what does not train.

    Attributes:
        every: Steps between two measurements; the last step is measured, too.
        measure: Gives figures; the model is in evaluation mode.
        best: The figure whose highest value so far makes ``best.ckpt``.
    """

    every: int
    measure: Callable[[], Mapping[str, float]]
    best: str


def fit(
    fabric: Fabric,
    training: Training,
    *,
    run: RunFolder,
    batches: Callable[[int, int], Iterable[B]],
    terms: Callable[[B], Mapping[str, Tensor]],
    options: LoopOptions,
    validation: Validation | None = None,
) -> None:
    """Train from the last checkpoint of the run, or from the start, to the end.

    Args:
        fabric: Launched.
        training: Changed in place; its loss and average come to the processes' device, as the batches do.
        run: Where checkpoints and the log go.
        batches: Gives the batches from a number to behind another; a step takes ``accumulate`` of them.
        terms: The parts of a batch's loss; ``loss`` is the one to go down.
        options: Length and rhythm.
        validation: What is measured in between; None measures nothing.

    Raises:
        DivergedError: The loss is no longer a number. The last checkpoint stays.
        StorageError: A checkpoint cannot be written. The one before stays.
        ConflictError: The checkpoint is of another model, or several processes would keep statistics apart.
        KeyboardInterrupt: The process was asked to end; it saved first.
    """
    training.remember_rates()
    load(fabric, training, run)
    stop = options.steps if options.stop_after is None else min(options.stop_after, options.steps)
    bar = tqdm(total=stop, initial=training.step, unit="step", disable=None if fabric.is_global_zero else True)
    saved = time.monotonic()
    training.loss.to(fabric.device)
    if training.average is not None:
        training.average.to(fabric.device)
    training.model.train()
    refuse_separate_statistics(training.model, processes=fabric.world_size)
    micro = iter(batches(training.step * options.accumulate, stop * options.accumulate))
    with Interruption() as interruption, run.log(training.step, write=fabric.is_global_zero) as log:
        while parts := tuple(islice(micro, options.accumulate)):
            training.set_rates(options.rate(training.step))
            row = _step(fabric, training, parts, terms, options.clip_norm)
            bar.update()
            if training.step % options.log_every == 0 or training.step == options.steps:
                log.write(training.step, row, per_step=True)
                bar.set_postfix(loss=row["loss"])
            if validation is not None and (training.step % validation.every == 0 or training.step == options.steps):
                _validate(fabric, training, run, validation, log)
            due = time.monotonic() - saved > 60 * options.save_minutes
            due, interrupted = fabric.broadcast((due, interruption.asked))
            if due or interrupted:
                save(fabric, training, run)
                saved = time.monotonic()
            if interrupted:
                raise KeyboardInterrupt
    save(fabric, training, run)
    bar.close()


def _step(
    fabric: Fabric,
    training: Training,
    micro: tuple[B, ...],
    terms: Callable[[B], Mapping[str, Tensor]],
    clip_norm: float | None,
) -> dict[str, float]:
    """One step of the optimiser from one or more batches; gives the means of the terms."""
    row: dict[str, float] = {}
    for place, batch in enumerate(micro, 1):
        with fabric.no_backward_sync(cast("Any", training.model), enabled=place < len(micro)):
            parts = terms(cast("B", fabric.to_device(batch)))
            _refuse_divergence(parts["loss"], training.step)
            fabric.backward(parts["loss"] / len(micro))
        for name, value in parts.items():
            row[name] = row.get(name, 0.0) + value.item() / len(micro)
    if clip_norm is not None:
        fabric.clip_gradients(training.model, training.optimiser, max_norm=clip_norm)
    training.optimiser.step()
    training.optimiser.zero_grad()
    if training.average is not None:
        training.average.follow(training.model)
    training.step += 1
    return row


def _refuse_divergence(loss: Tensor, step: int) -> None:
    if not torch.isfinite(loss):
        raise DivergedError(
            f"the loss is {loss.item()} at step {step + 1}; what was saved before stays: "
            "lower the learning rate, or clip the gradients"
        )


def _validate(fabric: Fabric, training: Training, run: RunFolder, validation: Validation, log: RunLog) -> None:
    training.model.eval()
    figures = {name: float(value) for name, value in validation.measure().items()}
    training.model.train()
    log.write(training.step, figures)
    if figures[validation.best] > training.best:
        training.best = figures[validation.best]
        save_best(fabric, training, run)


def gather(fabric: Fabric, part: Shaped[Tensor, "n *rest"]) -> Shaped[Tensor, "m *rest"]:
    """The rows of all processes in order of their rank; gradients flow back to their owners."""
    if fabric.world_size == 1:
        return part
    whole = fabric.all_gather(part, sync_grads=part.requires_grad)
    if not isinstance(whole, Tensor):
        raise TypeError(f"gathered a {type(whole).__name__}, wanted a tensor")
    return whole.flatten(0, 1)
