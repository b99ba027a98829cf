"""Balanced softmax: cross-entropy that expects common classes to be common.

Formula: ``-log(n_y exp(z_y) / sum of n_j exp(z_j))``, which is the cross-entropy of ``z + log n``; with
``prior_power`` a power of ``n``.

Source: Ren et al. 2020, https://arxiv.org/abs/2007.10740; ``prior_power`` is that of logit adjustment (Menon et al.
2020, https://arxiv.org/abs/2007.07314). At test time the bare logits are used: the prior was carried by ``log n``.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional


class BalancedSoftmax(nn.Module):
    """The loss of some logits.

    Args:
        counts: Training pictures of each class, after cleaning and augmentation; at least 1 each.
        prior_power: 0 is the plain cross-entropy, 1 the paper's loss.

    Raises:
        ValueError: A class has no picture, or there is no class.
    """

    log_prior: Tensor

    def __init__(self, counts: Sequence[int], *, prior_power: float = 1.0) -> None:
        super().__init__()
        if min(counts, default=0) < 1:
            raise ValueError(f"least pictures a class are {min(counts, default=0)}, must be at least 1")
        log_prior = prior_power * torch.tensor(counts, dtype=torch.float64).log()
        self.register_buffer("log_prior", log_prior.float())

    def forward(self, logits: Float[Tensor, "n c"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        return functional.cross_entropy(logits + self.log_prior.to(logits), label)
