"""SSCD's objective against slow keys: an edited view finds its reference among thousands.

Source: the terms of ``sscd``; the slow copy of the model and the memory of its descriptors are those of MoCo
(He et al. 2020, https://arxiv.org/abs/1911.05722). Why: with a memory of the learning model's own past
descriptors the loss falls when all descriptors drift together away from the memory, and that is what a run
did (mean cosine of strangers .41, of strangers in the memory .29). Keys of a slow model cannot be left
behind in this way: the positive is one of them.

Conventions: those of ``sscd``. Queries learn, keys do not.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from lynkeus.losses.memory import DescriptorMemory
from lynkeus.losses.sscd import Terms, entropy, info_nce


class MomentumSscdLoss(nn.Module):
    """The objective with its memory of keys, which is saved with the checkpoint.

    Args:
        dim: Numbers a descriptor.
        temperature: Divides the similarities.
        entropy_weight: Weight of the entropy term, which sees the batch alone.
        memory: Past keys to keep.
    """

    def __init__(self, *, dim: int, temperature: float, entropy_weight: float, memory: int) -> None:
        super().__init__()
        self.temperature = temperature
        self.entropy_weight = entropy_weight
        self.memory = DescriptorMemory(dim=dim, size=memory)

    def forward(self, queries: Float[Tensor, "n d"], keys: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]) -> Terms:
        """The terms for a batch.

        Args:
            queries: Descriptors of the edited views.
            keys: Slow descriptors of the references, in the same order.
            picture: Picture number of each.
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
