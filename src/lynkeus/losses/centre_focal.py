"""Focal loss of a heat map whose peaks are centres of objects.

Source: CornerNet (Law and Deng 2018, https://arxiv.org/abs/1808.01244, equation 1), as used by CenterNet (Zhou et
al. 2019, https://arxiv.org/abs/1904.07850, equation 1); written from the formulas. Changed: the input is log odds
instead of probabilities, which stays exact for confident cells.

Conventions: ``wanted`` is 1 at a centre and falls off around the centre; cells near a centre are penalised less.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


def centre_focal(
    logit: Float[Tensor, "n h w"], wanted: Float[Tensor, "n h w"], *, alpha: float, beta: float
) -> Float[Tensor, ""]:
    """The loss summed over all cells, divided by the number of centres (by 1 if there are none).

    Args:
        logit: Log odds that a cell holds a centre.
        wanted: Target heat, 0 to 1; exactly 1 at the centres.
        alpha: Focusing exponent; a higher value lowers the weight of cells that are nearly right.
        beta: Exponent that lowers the penalty of cells near a centre.
    """
    centre = wanted == 1
    p = logit.sigmoid()
    hit = -((1 - p) ** alpha) * functional.logsigmoid(logit)
    miss = -((1 - wanted) ** beta) * p**alpha * functional.logsigmoid(-logit)
    return torch.where(centre, hit, miss).sum() / centre.sum().clamp(min=1)


class CentreFocalLoss(nn.Module):
    """``centre_focal`` with fixed exponents.

    Args:
        alpha: As in ``centre_focal``; 2 in the paper.
        beta: As in ``centre_focal``; 4 in the paper.
    """

    def __init__(self, *, alpha: float = 2.0, beta: float = 4.0) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta

    def forward(self, logit: Float[Tensor, "n h w"], wanted: Float[Tensor, "n h w"]) -> Float[Tensor, ""]:
        """The loss."""
        return centre_focal(logit, wanted, alpha=self.alpha, beta=self.beta)
