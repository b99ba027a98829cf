"""Sums over all processes of a run, for counts in losses that need no gradient."""

import torch
from torch import Tensor, distributed


@torch.no_grad()
def summed(values: Tensor) -> Tensor:
    """The element-wise sum over all processes; the values themselves in a single process."""
    total = values.detach().clone()
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(total)
    return total
