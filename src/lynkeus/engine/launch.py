"""Processes and devices: one recipe runs on a CPU, in several processes and on GPUs.

Each process computes batch-norm statistics from its own share of a batch. ``torch.nn.SyncBatchNorm`` joins the
statistics on GPUs only (on the CPU it raises). Several CPU processes therefore need frozen statistics or GroupNorm.
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
    """Launch the processes: torchrun's processes if torchrun started this one, else ``devices`` on this machine.

    Args:
        accelerator: ``cpu``, ``cuda``, or ``auto``, which uses GPUs if there are any.
        devices: Number of processes, one per device; the number from torchrun takes precedence.
        precision: Numerical precision; ``bf16-mixed`` keeps the weights in 32 bits.
    """
    nodes = 1
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    fabric = Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, precision=precision)
    fabric.launch()
    return fabric


def set_up(fabric: Fabric, model: nn.Module, optimiser: Optimizer) -> tuple[Any, Optimizer]:
    """Set up model and optimiser with ``fabric.setup``; join batch-norm statistics over several GPUs."""
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        joined = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        if joined is not model:
            raise ConflictError("a model that is one batch-norm layer cannot be joined over GPUs: wrap it")
    wrapped, optimiser = fabric.setup(model, optimiser)
    return wrapped, optimiser


def forward_method(fabric: Fabric, wrapped: Any, name: str) -> Callable[..., Any]:
    """Wrap another method of a model to run like ``forward``: same precision, gradients joined over processes.

    Args:
        fabric: Launched processes.
        wrapped: The model from ``set_up``.
        name: Name of the method.
    """
    wrapped.mark_forward_method(name)

    def run(*inputs: Any) -> Any:
        with fabric.autocast():
            return apply_to_collection(getattr(wrapped, name)(*inputs), Tensor, _full)

    return run


def _full(value: Tensor) -> Tensor:
    return value.float() if value.dtype in (torch.bfloat16, torch.float16) else value


def refuse_separate_statistics(model: nn.Module, *, processes: int) -> None:
    """Refuse a model whose run with n processes would differ from a run with one.

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
