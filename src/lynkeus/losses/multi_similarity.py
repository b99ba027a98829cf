"""Multi-similarity loss: mines the informative pairs of each anchor and gives hard pairs more weight.

Formula, for an anchor with cosines ``s``: a positive counts if ``s - epsilon`` is below the highest negative, a
negative if ``s + epsilon`` is above the lowest positive; then ``1/alpha log(1 + sum over positives of exp(-alpha (s
- base))) + 1/beta log(1 + sum over negatives of exp(beta (s - base)))``, mean over all anchors of the batch.

Source: Wang et al. 2019, https://arxiv.org/abs/1904.06627.

Changed from the released code: there, a positive needs a cosine below 1 - 1e-5, so an exact copy of the anchor is lost,
and an anchor without a positive is an error. Here the diagonal is left out, and an anchor without a positive counts 0.
``beta`` is 40 in the released code and 50 in the example of pytorch-metric-learning.
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
    """Mean over the anchors; an anchor without a positive or a negative that counts contributes 0.

    Args:
        cosine: Cosines of all pairs of a batch.
        label: Class of each picture.
        alpha: Sharpness of the pull, above 0.
        beta: Sharpness of the push, above 0.
        base: Cosine at which a pair has weight one half.
        epsilon: How much easier a pair may be than the hardest opposite pair, 0 and up; infinity keeps all pairs.
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
    """Multi-similarity loss of a batch of descriptors.

    Args:
        alpha: As in ``multi_similarity``.
        beta: As in ``multi_similarity``.
        base: As in ``multi_similarity``.
        epsilon: As in ``multi_similarity``.
    """

    def __init__(self, *, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1) -> None:
        super().__init__()
        self.alpha, self.beta, self.base, self.epsilon = alpha, beta, base, epsilon

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the anchors; the descriptors must have length 1."""
        return multi_similarity(
            descriptors @ descriptors.T,
            label,
            alpha=self.alpha,
            beta=self.beta,
            base=self.base,
            epsilon=self.epsilon,
        )
