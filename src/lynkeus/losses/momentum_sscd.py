"""SSCD's objective with momentum keys: an edited view must find its reference among thousands.

Source: the terms of ``sscd``; the slow copy of the model and the memory of its descriptors come from MoCo (He et al.
2020, https://arxiv.org/abs/1911.05722). Reason: with a memory of the learning model's own past descriptors, the loss
falls when all descriptors drift away from the memory together. A run did exactly this (mean cosine of negatives in the
batch .41, in the memory .29). The model cannot drift away from momentum keys, because the positive is one of them.

Conventions: as in ``sscd``. Queries get gradients, keys do not.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from lynkeus.losses.memory import DescriptorMemory
from lynkeus.losses.sscd import Terms, entropy, info_nce


class MomentumSscdLoss(nn.Module):
    """The objective with its memory of keys; the checkpoint saves the memory.

    Args:
        dim: Dimensions of the descriptors.
        temperature: Divisor of the similarities, above 0.
        entropy_weight: Weight of the entropy term, which uses only the batch.
        memory: Number of past keys to keep.
    """

    def __init__(self, *, dim: int, temperature: float, entropy_weight: float, memory: int) -> None:
        super().__init__()
        self.temperature = temperature
        self.entropy_weight = entropy_weight
        self.memory = DescriptorMemory(dim=dim, size=memory)

    def forward(self, queries: Float[Tensor, "n d"], keys: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]) -> Terms:
        """The terms of the objective for a batch.

        Args:
            queries: Descriptors of the edited views.
            keys: Descriptors of the references from the slow copy, in the same order.
            picture: Picture number of each pair.
        """
        every, pictures = self.memory.joined(keys, picture)
        similarity = queries @ every.T
        same = picture[:, None] == pictures[None, :]
        positive = torch.zeros_like(same)
        positive.fill_diagonal_(fill_value=True)
        nce = info_nce(similarity, positive, ~same, temperature=self.temperature)
        other = ~same[:, : len(picture)]
        near = torch.cat((similarity[:, : len(picture)], queries @ queries.T), dim=1)
        spread = entropy(near, torch.cat((other, other), dim=1))
        return Terms(total=nce + self.entropy_weight * spread, nce=nce.detach(), entropy=spread.detach())
