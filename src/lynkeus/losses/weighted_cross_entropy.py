"""Cross-entropy with class weights inverse to the number of pictures.

Formula: ``sum of w_y (-log p_y) / sum of w_y`` over the batch; ``w_k`` is proportional to ``max(n) / n_k``, and the
weights sum to 1.

Source: the first stage of DeepFirearm (Hao et al. 2018, https://arxiv.org/abs/1806.02984) and its released code.

The scale of the weights has no effect, because the loss of a batch is divided by its weights. The sum of 1 is kept so
that weights can be compared. A batch of one class has the plain loss.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn
from torch.nn import functional


def inverse_frequency(counts: Sequence[int]) -> Float64[Tensor, " c"]:
    """The weight of each class; the weights sum to 1.

    Args:
        counts: Number of training pictures of each class, at least 1 each.

    Raises:
        ValueError: A class has no picture, or there is no class.

    >>> inverse_frequency((10, 30)).tolist()
    [0.75, 0.25]
    """
    if min(counts, default=0) < 1:
        raise ValueError(f"the smallest class has {min(counts, default=0)} pictures, must have at least 1")
    weight = max(counts) / torch.tensor(counts, dtype=torch.float64)
    return weight / weight.sum()


class WeightedCrossEntropy(nn.Module):
    """Weighted cross-entropy of logits.

    Args:
        counts: As in ``inverse_frequency``.

    Raises:
        ValueError: As in ``inverse_frequency``.
    """

    weight: Tensor

    def __init__(self, counts: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("weight", inverse_frequency(counts).float())

    def forward(self, logits: Float[Tensor, "n c"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Weighted mean over the batch."""
        return functional.cross_entropy(logits, label, weight=self.weight.to(logits))
