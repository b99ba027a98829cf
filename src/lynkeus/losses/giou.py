"""Generalised intersection over union: how far a predicted box is from the wanted one, even without overlap.

Source: Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630, algorithm 1; written from the formulas.

Conventions: boxes are x0, y0, x1, y1 with x0 < x1 and y0 < y1, in any unit.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

_EMPTY = 1e-9


def giou(predicted: Float[Tensor, "*n 4"], wanted: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n"]:
    """IoU minus the share of the enclosing box that neither box covers; -1 to 1, 1 where they are equal.

    Args:
        predicted: Boxes.
        wanted: As many boxes, one for each.
    """
    inner = _area(
        torch.maximum(predicted[..., :2], wanted[..., :2]), torch.minimum(predicted[..., 2:], wanted[..., 2:])
    )
    outer = _area(
        torch.minimum(predicted[..., :2], wanted[..., :2]), torch.maximum(predicted[..., 2:], wanted[..., 2:])
    )
    union = _area(predicted[..., :2], predicted[..., 2:]) + _area(wanted[..., :2], wanted[..., 2:]) - inner
    return inner / union.clamp(min=_EMPTY) - (outer - union) / outer.clamp(min=_EMPTY)


class GiouLoss(nn.Module):
    """1 - ``giou``, summed with weights over the cells, over the sum of the weights."""

    def forward(
        self, predicted: Float[Tensor, "*n 4"], wanted: Float[Tensor, "*n 4"], weight: Float[Tensor, "*n"]
    ) -> Float[Tensor, ""]:
        """The loss, 0 to 2; 0 where all weights are 0.

        Args:
            predicted: Boxes.
            wanted: As many boxes; where the weight is 0 they may be anything finite.
            weight: How much each box counts, at least 0.
        """
        counts = weight > 0
        loss = (1 - giou(predicted[counts], wanted[counts])) * weight[counts]
        return loss.sum() / weight.sum().clamp(min=_EMPTY)


def _area(low: Float[Tensor, "*n 2"], high: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
    return (high - low).clamp(min=0).prod(dim=-1)
