"""Balanced softmax: cross-entropy that corrects for the frequencies of the classes.

Formula: ``-log(n_y exp(z_y) / sum of n_j exp(z_j))``, which is the cross-entropy of ``z + log n``; ``prior_power`` is
an exponent on ``n``.

Source: Ren et al. 2020, https://arxiv.org/abs/2007.10740; ``prior_power`` is that of logit adjustment (Menon et al.
2020, https://arxiv.org/abs/2007.07314). Inference uses the plain logits, because ``log n`` carried the prior.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional


class BalancedSoftmax(nn.Module):
    """Balanced softmax of logits.

    Args:
        counts: Number of training pictures of each class after cleaning and augmentation, at least 1 each.
        prior_power: Exponent on the counts; 0 gives plain cross-entropy, 1 the paper's loss.

    Raises:
        ValueError: A class has no picture, or there is no class.
    """

    log_prior: Tensor

    def __init__(self, counts: Sequence[int], *, prior_power: float = 1.0) -> None:
        super().__init__()
        if min(counts, default=0) < 1:
            raise ValueError(f"the smallest class has {min(counts, default=0)} pictures, must have at least 1")
        log_prior = prior_power * torch.tensor(counts, dtype=torch.float64).log()
        self.register_buffer("log_prior", log_prior.float())

    def forward(self, logits: Float[Tensor, "n c"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        return functional.cross_entropy(logits + self.log_prior.to(logits), label)
