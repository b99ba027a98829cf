"""The state of a run, and its checkpoints; a checkpoint is written completely or not at all."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer

from lynkeus.core import ConflictError, CorruptError, NotTrainedError, StorageError
from lynkeus.engine.run import RunFolder
from lynkeus.losses.slow_copy import SlowCopy

_FULL_RATE = "full_lr"  # key in a parameter group, beside torch's "lr" of the current step


@dataclass(kw_only=True, slots=True)
class Training:
    """Everything that a run changes; the checkpoint holds all of it.

    Attributes:
        model: The model, set up by ``fabric``.
        optimiser: The optimiser, set up by ``fabric``; ``lr`` of each group is the full learning rate.
        loss: The loss; it may have buffers, such as a memory of past descriptors.
        average: Exponential moving average of the model's weights, updated after each step; None keeps no average.
        step: Number of finished steps.
        best: Highest value so far of the validation figure.
    """

    model: nn.Module
    optimiser: Optimizer
    loss: nn.Module
    average: SlowCopy | None = None
    step: int = 0
    best: float = float("-inf")

    def remember_rates(self) -> None:
        """Store the full learning rates in the optimiser's state, apart from the rates of a step."""
        for group in self.optimiser.param_groups:
            group.setdefault(_FULL_RATE, float(group["lr"]))

    def set_rates(self, factor: float) -> None:
        """Set the rate of each group to ``factor`` times its full learning rate."""
        for group in self.optimiser.param_groups:
            group["lr"] = group[_FULL_RATE] * factor


def save(fabric: Fabric, training: Training, run: RunFolder) -> None:
    """Write the checkpoint completely or not at all.

    Raises:
        StorageError: The checkpoint cannot be written; the previous checkpoint stays.
    """
    _write(fabric, run.checkpoint, _state(training), step=training.step)


def save_best(fabric: Fabric, training: Training, run: RunFolder) -> None:
    """Write the weights of the best step so far: the average if there is one, else the model.

    Raises:
        StorageError: The weights cannot be written; the previous weights stay.
    """
    kept = training.model if training.average is None else training.average.copy
    _write(fabric, run.best, {"model": kept, "step": training.step, "best": training.best}, step=training.step)


def load(fabric: Fabric, training: Training, run: RunFolder) -> None:
    """Restore the last checkpoint, if there is one.

    Raises:
        ConflictError: The checkpoint belongs to another model.
        CorruptError: The checkpoint cannot be read.
    """
    if not run.checkpoint.exists():
        return
    state = _state(training)
    try:
        fabric.load(run.checkpoint, state, weights_only=True)
    except (KeyError, RuntimeError, ValueError) as error:
        if _readable(run.folder):
            raise ConflictError(f"{run.checkpoint} is of another model: {_first_line(error)}") from error
        raise CorruptError(f"{run.checkpoint} cannot be read: {_first_line(error)}") from error
    except (OSError, EOFError, TypeError, UnpicklingError) as error:
        raise CorruptError(f"{run.checkpoint} cannot be read: {_first_line(error)}") from error
    training.step, training.best = int(state["step"]), float(state["best"])
    training.remember_rates()
    torch.set_rng_state(state["rng"])


def read_checkpoint(run: Path, *, best: bool = False) -> dict[str, Any]:
    """Read the state of a run's last checkpoint, or of its best step, to the CPU.

    Raises:
        NotTrainedError: The folder holds no checkpoint.
        CorruptError: The checkpoint cannot be read.
    """
    folder = RunFolder(folder=run)
    path = folder.best if best else folder.checkpoint
    if not path.exists():
        raise NotTrainedError(f"{run} holds no {path.name}: train it first")
    return read_state(path)


def read_state(path: Path) -> dict[str, Any]:
    """Read tensors and plain values from a file of ``torch.save`` to the CPU.

    Raises:
        CorruptError: The file cannot be read.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, UnpicklingError, KeyError, ValueError) as error:
        raise CorruptError(f"{path} cannot be read: {_first_line(error)}") from error


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values for ``read_state``, completely or not at all.

    Raises:
        StorageError: The file cannot be written; the previous file stays.
    """
    with _unfinished(path, "{path} cannot be written: {reason}") as unfinished:
        torch.save(dict(state), unfinished)
        unfinished.replace(path)


def _state(training: Training) -> dict[str, Any]:
    averaged = {} if training.average is None else {"average": training.average}
    return {
        "model": training.model,
        "optimiser": training.optimiser,
        "loss": training.loss,
        **averaged,
        "step": training.step,
        "best": training.best,
        "rng": torch.get_rng_state(),
    }


def _write(fabric: Fabric, path: Path, state: dict[str, Any], *, step: int) -> None:
    said = f"the checkpoint of step {step} cannot be written to {{path}}: {{reason}}; the one before stays"
    with _unfinished(path, said) as unfinished:
        fabric.save(unfinished, state)
        if fabric.is_global_zero:
            unfinished.replace(path)
    fabric.barrier()


@contextmanager
def _unfinished(path: Path, said: str) -> Generator[Path]:
    """A temporary path to write to before the rename; removed if the write fails.

    Args:
        path: Final path.
        said: Template of the error message, with ``{path}`` and ``{reason}``.

    Raises:
        StorageError: The file cannot be written.
    """
    unfinished = path.with_suffix(".tmp")
    try:
        yield unfinished
    except (OSError, RuntimeError) as error:
        if unfinished.is_file():
            unfinished.unlink()
        raise StorageError(said.format(path=path, reason=_first_line(error))) from error


def _readable(run: Path) -> bool:
    try:
        read_checkpoint(run)
    except CorruptError:
        return False
    return True


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
