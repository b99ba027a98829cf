"""Hide-and-Seek on a feature map: hidden cells get the mean of the layer.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545, section 3 (hiding in convolutional layers): all channels
of a cell are hidden together, with the mean activation of the layer. Ours: the mean is one number per channel, a
running mean over the maps before hiding, saved with the weights.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

_MOMENTUM = 0.05  # weight of a batch in the running mean; the exact value hardly matters


class HiddenMaps(nn.Module):
    """Replaces masked cells by the running mean in training; in evaluation mode the maps pass unchanged.

    The caller passes the masks (``augment.hiding.hidden_cells``), so the masks depend only on seed and step.

    Args:
        channels: Channels of the maps.
    """

    mean: Tensor
    seen: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(
        self, maps: Float[Tensor, "n c h w"], hidden: Bool[Tensor, "n h w"] | None = None
    ) -> Float[Tensor, "n c h w"]:
        """The maps, with the running mean where ``hidden`` is True; None hides nothing."""
        if not self.training or hidden is None:
            return maps
        with torch.no_grad():
            share = 1.0 if self.seen == 0 else _MOMENTUM
            self.mean.lerp_(maps.mean(dim=(0, 2, 3)), share)
            self.seen += 1
        return torch.where(hidden[:, None], self.mean[None, :, None, None], maps)
