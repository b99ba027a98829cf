"""Generalised intersection over union: compares boxes even without overlap.

Source: Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630, algorithm 1; written from the formulas.

Conventions: boxes are x0, y0, x1, y1 with x0 < x1 and y0 < y1, in any unit.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

_EMPTY = 1e-9  # keeps a division by an area or a weight of 0 away


def giou(predicted: Float[Tensor, "*n 4"], wanted: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n"]:
    """IoU minus the share of the enclosing box that neither box covers; -1 to 1, 1 for equal boxes.

    Args:
        predicted: Predicted boxes.
        wanted: Target box of each predicted box.
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
    """Weighted mean of 1 - ``giou`` over the cells."""

    def forward(
        self, predicted: Float[Tensor, "*n 4"], wanted: Float[Tensor, "*n 4"], weight: Float[Tensor, "*n"]
    ) -> Float[Tensor, ""]:
        """The loss, 0 to 2; 0 if all weights are 0.

        Args:
            predicted: Predicted boxes.
            wanted: Target boxes; boxes with weight 0 may have any finite values.
            weight: Weight of each box, at least 0.
        """
        counts = weight > 0
        loss = (1 - giou(predicted[counts], wanted[counts])) * weight[counts]
        return loss.sum() / weight.sum().clamp(min=_EMPTY)


def _area(low: Float[Tensor, "*n 2"], high: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n"]:
    return (high - low).clamp(min=0).prod(dim=-1)
