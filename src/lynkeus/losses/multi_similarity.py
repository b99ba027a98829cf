"""Multi-similarity loss: of each picture's pairs those that tell most, the harder the heavier.

Formula, for an anchor with cosines ``s``: a positive counts if ``s - epsilon`` is below the highest negative, a
negative if ``s + epsilon`` is above the lowest positive; then ``1/alpha log(1 + sum over positives of exp(-alpha (s
- base))) + 1/beta log(1 + sum over negatives of exp(beta (s - base)))``, mean over all anchors of the batch.

Source: Wang et al. 2019, https://arxiv.org/abs/1904.06627.

What its released code does otherwise: positives are found by a cosine below 1 - 1e-5, so that an exact copy of the
anchor is lost, and an anchor without a positive is an error; here the diagonal is left out and such an anchor counts
0. Its ``beta`` is 40, that of pytorch-metric-learning's example 50.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from lynkeus.losses.proxy_anchor import log1p_sum_exp


def multi_similarity(
    cosine: Float[Tensor, "n n"],
    label: Int64[Tensor, " n"],
    *,
    alpha: float,
    beta: float,
    base: float,
    epsilon: float,
) -> Float[Tensor, ""]:
    """Mean over the anchors; one without a positive or a negative that counts gives 0.

    Args:
        cosine: Of all pairs of a batch.
        label: Class of each picture.
        alpha: Sharpness of the pull, above 0.
        beta: Sharpness of the push, above 0.
        base: Cosine at which a pair weighs a half.
        epsilon: How much easier than the hardest opposite pair may be, 0 and up; infinity takes all pairs.
    """
    negative = label[:, None] != label[None, :]
    positive = ~negative & ~torch.eye(len(label), dtype=torch.bool, device=label.device)
    nearest = cosine.masked_fill(~negative, -torch.inf).amax(dim=1, keepdim=True)
    farthest = cosine.masked_fill(~positive, torch.inf).amin(dim=1, keepdim=True)
    pulled = positive & (cosine - epsilon < nearest)
    pushed = negative & (cosine + epsilon > farthest)
    pull = log1p_sum_exp(-alpha * (cosine - base), pulled, dim=1) / alpha
    push = log1p_sum_exp(beta * (cosine - base), pushed, dim=1) / beta
    return (pull + push).mean()


class MultiSimilarity(nn.Module):
    """The loss of a batch of descriptors.

    Args:
        alpha: As in ``multi_similarity``.
        beta: As there.
        base: As there.
        epsilon: As there.
    """

    def __init__(self, *, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1) -> None:
        super().__init__()
        self.alpha, self.beta, self.base, self.epsilon = alpha, beta, base, epsilon

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """The loss; the descriptors have length 1."""
        return multi_similarity(
            descriptors @ descriptors.T,
            label,
            alpha=self.alpha,
            beta=self.beta,
            base=self.base,
            epsilon=self.epsilon,
        )
