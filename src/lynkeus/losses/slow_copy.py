"""An exponential moving average of a model's weights: the teacher of a loss, or the final model.

Source: He et al. 2020 (https://arxiv.org/abs/1911.05722), Polyak and Juditsky 1992.
"""

from typing import cast

import torch
from torch import Tensor, nn


class SlowCopy(nn.Module):
    """A copy of a model whose weights are a moving average of the model's weights.

    Args:
        model: The model to follow; the copy starts with its weights.
        copy: Another model of the same shape.
        momentum: Weight of the old copy in an update, 0 to below 1.
    """

    def __init__(self, model: nn.Module, copy: nn.Module, *, momentum: float) -> None:
        super().__init__()
        copy.load_state_dict(model.state_dict())
        self.copy = copy.eval().requires_grad_(requires_grad=False)
        self.momentum = momentum

    @torch.no_grad()
    def follow(self, model: nn.Module) -> None:
        """Update the average with the model; buffers, such as batch-norm statistics, are copied."""
        for slow, fast in zip(self.copy.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast.detach(), 1.0 - self.momentum)
        for slow, fast in zip(self.copy.buffers(), model.buffers(), strict=True):
            slow.copy_(fast)

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> Tensor:
        """The descriptors of the slow copy."""
        return cast("Tensor", self.copy(pixels))
