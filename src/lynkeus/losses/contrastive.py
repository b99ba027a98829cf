"""Contrastive loss of pairs with one or two margins: positives within ``pull``, negatives beyond ``push``.

Formula: ``1/2 (y max(d - pull, 0)^2 + (1 - y) max(push - d, 0)^2)``, mean over the pairs. ``y`` is 1 for a positive
pair (one class), and ``d`` is the length of ``|first - second| + 1e-6``. With ``pull`` 0 the loss has a single margin.

Sources: single margin, Hadsell et al. 2006, https://doi.org/10.1109/CVPR.2006.100; two margins, DeepFirearm (Hao et
al. 2018, https://arxiv.org/abs/1806.02984), whose defaults these are. The two margins are older: DeepHash (Lin et
al. 2015).

Common faults in descriptions of this loss: a negative pair counts if it is *nearer* than the margin, not farther; and
with ``pull`` not below ``push`` the two terms contradict each other, so this module refuses that.

Conventions: descriptors of length 1 without negative components have distances from 0 to the root of 2, other
descriptors of length 1 up to 2; both margins are in this unit. The 1e-6 keeps the gradient of two equal descriptors
finite.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

_APART = 1e-6  # as in the formula above; the default of torch.nn.PairwiseDistance


def pair_distance(first: Float[Tensor, "n d"], second: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Euclidean distance of each pair, always above 0.

    Args:
        first: First descriptor of each pair.
        second: Second descriptor of each pair.
    """
    return ((first - second).abs() + _APART).square().sum(dim=1).sqrt()


def contrastive(
    distance: Float[Tensor, " n"], same: Bool[Tensor, " n"], *, pull: float, push: float
) -> Float[Tensor, ""]:
    """Mean over the pairs.

    Args:
        distance: Distance of each pair, at least 0.
        same: Whether the pair is positive, that is, of one class.
        pull: Positive pairs cost nothing below this distance, 0 and up.
        push: Negative pairs cost nothing above this distance.

    >>> d, same = torch.tensor([0.5, 1.0, 1.0, 1.3]), torch.tensor([True, True, False, False])
    >>> round(float(contrastive(d, same, pull=0.8, push=1.2)), 6)
    0.01
    """
    near = (distance - pull).clamp(min=0.0).square()
    far = (push - distance).clamp(min=0.0).square()
    return 0.5 * torch.where(same, near, far).mean()


class ContrastiveLoss(nn.Module):
    """``contrastive`` of pairs of descriptors.

    Args:
        pull: As in ``contrastive``; 0 gives a single margin.
        push: As in ``contrastive``.

    Raises:
        ValueError: ``pull`` is below 0 or not below ``push``.
    """

    def __init__(self, *, pull: float = 0.8, push: float = 1.2) -> None:
        super().__init__()
        if not 0 <= pull < push:
            raise ValueError(f"pull is {pull} and push {push}, wanted 0 <= pull < push")
        self.pull, self.push = pull, push

    def forward(
        self, first: Float[Tensor, "n d"], second: Float[Tensor, "n d"], same: Bool[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean loss of at least one pair."""
        return contrastive(pair_distance(first, second), same, pull=self.pull, push=self.push)
