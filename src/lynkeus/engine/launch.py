"""Processes and devices: the same recipe on one CPU, on several processes and on GPUs.

Batch-norm statistics are of a process's own share of a batch. ``torch.nn.SyncBatchNorm`` joins them on GPUs alone (on
the CPU it raises), so several processes on CPUs need statistics that are frozen, or GroupNorm.
"""

import os
from collections.abc import Callable
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - the base of all kinds
from torch.optim import Optimizer

from lynkeus.core import ConflictError

Precision = Literal["32-true", "bf16-mixed", "16-mixed", "bf16-true"]


def make_fabric(*, accelerator: str = "auto", devices: int = 1, precision: Precision = "32-true") -> Fabric:
    """Launched processes: those of torchrun where it started this one, else ``devices`` of this machine.

    Args:
        accelerator: ``auto`` takes GPUs where there are any; ``cpu`` or ``cuda``.
        devices: Processes, one a device; torchrun's own number wins.
        precision: Of the numbers; ``bf16-mixed`` keeps the weights in 32 bits.
    """
    nodes = 1
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, precision=precision)
    fabric.launch()
    return fabric


def set_up(fabric: Fabric, model: nn.Module, optimiser: Optimizer) -> tuple[Any, Optimizer]:
    """The model and its optimiser as ``fabric.setup`` gives them, batch-norm joined where several GPUs train."""
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        joined = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        if joined is not model:
            raise ConflictError("a model that is one batch-norm layer cannot be joined over GPUs: wrap it")
    wrapped, optimiser = fabric.setup(model, optimiser)
    return wrapped, optimiser


def forward_method(fabric: Fabric, wrapped: Any, name: str) -> Callable[..., Any]:
    """A method of a model that is not ``forward``, run as ``forward`` is: in the precision asked for, gradients joined.

    Args:
        fabric: Launched.
        wrapped: As ``set_up`` gives it.
        name: Of the method.
    """
    wrapped.mark_forward_method(name)

    def run(*inputs: Any) -> Any:
        with fabric.autocast():
            return apply_to_collection(getattr(wrapped, name)(*inputs), Tensor, _full)

    return run


def _full(value: Tensor) -> Tensor:
    return value.float() if value.dtype in (torch.bfloat16, torch.float16) else value


def refuse_separate_statistics(model: nn.Module, *, processes: int) -> None:
    """Do nothing if 1 and n processes give the same run.

    Raises:
        ConflictError: Several processes would each keep batch-norm statistics of their own.
    """
    if processes == 1:
        return
    apart = [
        name
        for name, part in model.named_modules()
        if isinstance(part, _BatchNorm) and part.training and not isinstance(part, nn.SyncBatchNorm)
    ]
    if apart:
        raise ConflictError(
            f"{len(apart)} batch-norm layers ({apart[0]}, ...) would keep statistics of their own in each of "
            f"{processes} processes; SyncBatchNorm needs GPUs: freeze them, or use GroupNorm"
        )
