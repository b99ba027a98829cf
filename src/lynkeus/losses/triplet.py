"""Triplet loss: an anchor must be nearer to a positive than to a negative, by a margin.

Formula: ``max(d(a, p) - d(a, n) + margin, 0)`` over triplets of an anchor, a positive and a negative of one batch.

- ``hard``: each anchor with its farthest positive and its nearest negative (Hermans et al. 2017,
  https://arxiv.org/abs/1703.07737); mean over the anchors with a positive.
- ``semi_hard``: all triplets whose negative is farther than the positive, but by less than the margin (FaceNet,
  Schroff et al. 2015, https://arxiv.org/abs/1503.03832); mean over these triplets.

Changed: FaceNet squares the distances, which changes the meaning of the margin; here both kinds use Euclidean
distances. Common code falls back to the farthest negative for a pair without a semi-hard negative, so triplets that are
not semi-hard enter the mean; here they stay out.

Conventions: descriptors have length 1, so distances lie between 0 and 2; equal labels are one class.
"""

from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

Mining = Literal["hard", "semi_hard"]


def distances(descriptors: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Euclidean distances of all pairs; the gradient between equal descriptors is 0."""
    return torch.cdist(descriptors, descriptors, compute_mode="donot_use_mm_for_euclid_dist")


def batch_hard(distance: Float[Tensor, "n n"], label: Int64[Tensor, " n"], *, margin: float) -> Float[Tensor, ""]:
    """Mean over the anchors that have a positive; 0 if no anchor has a positive or there is no negative.

    Args:
        distance: Distances of all pairs of a batch.
        label: Class of each picture.
        margin: Margin between the distances, 0 and up.
    """
    same = label[:, None] == label[None, :]
    positive = _others(same)
    farthest = distance.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distance.masked_fill(same, torch.inf).amin(dim=1)
    whole = positive.any(dim=1)
    loss = (farthest[whole] - nearest[whole] + margin).clamp(min=0.0)
    return loss.sum() / whole.sum().clamp(min=1)


def semi_hard(distance: Float[Tensor, "n n"], label: Int64[Tensor, " n"], *, margin: float) -> Float[Tensor, ""]:
    """Mean over the semi-hard triplets; 0 if there are none.

    Args:
        distance: Distances of all pairs of a batch.
        label: Class of each picture.
        margin: Margin between the distances, 0 and up.
    """
    same = label[:, None] == label[None, :]
    anchor, positive = _others(same).nonzero(as_tuple=True)
    gap = distance[anchor] - distance[anchor, positive][:, None]
    chosen = ~same[anchor] & (gap > 0) & (gap < margin)
    return (margin - gap)[chosen].sum() / chosen.sum().clamp(min=1)


class TripletLoss(nn.Module):
    """Triplet loss of a batch of descriptors.

    Args:
        margin: Margin between the distances, above 0.
        mining: Which triplets count.

    Raises:
        ValueError: ``margin`` is not above 0.
    """

    def __init__(self, *, margin: float = 0.2, mining: Mining = "hard") -> None:
        super().__init__()
        if margin <= 0:
            raise ValueError(f"margin is {margin}, must be above 0")
        self.margin, self.mining = margin, mining

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """The loss of a batch; the batch needs classes with several pictures."""
        mined = batch_hard if self.mining == "hard" else semi_hard
        return mined(distances(descriptors), label, margin=self.margin)


def _others(same: Tensor) -> Tensor:
    return same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
