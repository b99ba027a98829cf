"""Contrastive loss of pairs, with one margin or two: pairs of a class within ``pull``, all others beyond ``push``.

Formula: ``1/2 (y max(d - pull, 0)^2 + (1 - y) max(push - d, 0)^2)``, mean over the pairs, with ``y`` 1 for a pair of
one class and ``d`` the length of ``|first - second| + 1e-6``. ``pull`` 0 is the loss with a single margin.

Sources: single margin, Hadsell et al. 2006, https://doi.org/10.1109/CVPR.2006.100; two margins, DeepFirearm (Hao et
al. 2018, https://arxiv.org/abs/1806.02984), whose defaults these are. The two margins are older: DeepHash (Lin et
al. 2015).

What accounts of it get wrong: a pair of strangers counts when it is *nearer* than the margin, not farther; and with
``pull`` not below ``push`` the two terms ask for the impossible, so that is refused.

Conventions: descriptors of length 1 with numbers of at least 0 have distances from 0 to the root of 2, others up to
2; both margins are in this unit. The 1e-6 keeps the gradient of two equal descriptors finite.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

_APART = 1e-6


def pair_distance(first: Float[Tensor, "n d"], second: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Euclidean distance of each pair, never quite 0.

    Args:
        first: Descriptors.
        second: As many, one for each.
    """
    return ((first - second).abs() + _APART).square().sum(dim=1).sqrt()


def contrastive(
    distance: Float[Tensor, " n"], same: Bool[Tensor, " n"], *, pull: float, push: float
) -> Float[Tensor, ""]:
    """Mean over the pairs.

    Args:
        distance: Of each pair, at least 0.
        same: Whether the pair is of one class.
        pull: Pairs of one class cost nothing below it, 0 and up.
        push: Other pairs cost nothing above it.

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
        pull: As there; 0 for a single margin.
        push: As there.

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
        """The loss of some pairs; at least one."""
        return contrastive(pair_distance(first, second), same, pull=self.pull, push=self.push)
