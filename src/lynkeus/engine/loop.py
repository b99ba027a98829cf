"""The training loop: steps, learning rates, checkpoints and log, in one process or several.

Built on Lightning Fabric (https://lightning.ai/docs/fabric). The loop knows no model and no data: one callable gives
the terms of a step's loss, and another gives the batches from any step on.

Conventions: the terms of a step are means over the whole batch of all processes and are equal in each process. Their
gradients reach each process through ``gather``. So 1 and n processes give the same run. All randomness of a step
follows from its number, so a resumed run equals an unbroken run.
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
        rate: Factor on the full learning rates at each step.
        accumulate: Number of batches whose gradients are averaged for one step.
        clip_norm: Largest norm of the gradient of all weights; longer gradients are scaled down. None does not clip.
        save_minutes: Minutes between checkpoints.
        log_every: Steps between log lines.
        stop_after: Stop after this step as if interrupted; None runs to the end.
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
    """Measurements during training on data that do not train.

    Attributes:
        every: Steps between two measurements; the last step is always measured.
        measure: Returns figures by name; the model is in evaluation mode.
        best: Name of the figure whose highest value so far writes ``best.ckpt``.
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
    """Train from the last checkpoint, or from the start, to the end.

    Args:
        fabric: Launched processes.
        training: Changed in place; loss and average move to the device of the process, like the batches.
        run: Folder for checkpoints and the log.
        batches: Gives the batches from a first number to an exclusive last number; a step takes ``accumulate`` batches.
        terms: Gives the terms of a batch's loss by name; ``loss`` is the term to minimise.
        options: Length of the run, and how often to save and log.
        validation: Measurements during training; None measures nothing.

    Raises:
        DivergedError: The loss is no longer finite. The last checkpoint stays.
        StorageError: A checkpoint cannot be written. The previous checkpoint stays.
        ConflictError: The checkpoint belongs to another model, or the processes would keep separate statistics.
        KeyboardInterrupt: The process was asked to stop; the run is saved.
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
    """Do one optimiser step from one or more batches; return the means of the terms."""
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
    """The rows of all processes in order of rank; gradients flow back to the process of each row."""
    if fabric.world_size == 1:
        return part
    whole = fabric.all_gather(part, sync_grads=part.requires_grad)
    if not isinstance(whole, Tensor):
        raise TypeError(f"gathered a {type(whole).__name__}, wanted a tensor")
    return whole.flatten(0, 1)
