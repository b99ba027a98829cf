"""SSCD's objective: pull the views of one picture together and spread all other descriptors out.

Source: Pizzi et al. 2022, https://arxiv.org/abs/2202.10261, section 3; written from the formulas. Each denominator of
InfoNCE has one positive, whatever the number of views. The entropy term (after KoLeo, Sablayrolles et al. 2019,
https://arxiv.org/abs/1806.03198) pushes each descriptor away from its nearest negative. Changed: a memory of past
descriptors may add negatives to both terms (XBM, Wang et al. 2020, https://arxiv.org/abs/1912.06798), because small
machines have small batches; memory 0 gives the plain objective.

Conventions: descriptors have length 1; ``picture`` is the number of the picture that a view shows, over all processes.
A *stranger* of a view is a view of another picture: a negative.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from lynkeus.losses.memory import DescriptorMemory

_PUSH_FLOOR = 1e-6  # joins the sum over the strangers, so that its logarithm is finite for a view without strangers
_DISTANCE_FLOOR = 1e-3  # bounds the gradient of the logarithm for nearly equal descriptors


def info_nce(
    similarity: Float[Tensor, "n m"],
    positive: Bool[Tensor, "n m"],
    stranger: Bool[Tensor, "n m"],
    *,
    temperature: float,
) -> Float[Tensor, ""]:
    """Mean over the views; the loss of a view is the sum over its positives.

    Args:
        similarity: Inner products of the views with the views of the batch and of the memory.
        positive: Which entries are other views of the same picture, to pull.
        stranger: Which entries show another picture, to push.
        temperature: Divisor of the similarities, above 0.
    """
    logits = similarity / temperature
    floor = logits.new_full((len(logits), 1), _PUSH_FLOOR).log()
    push = torch.cat((logits.masked_fill(~stranger, -torch.inf), floor), dim=1).logsumexp(dim=1, keepdim=True)
    pull = torch.logaddexp(logits, push.expand_as(logits)) - logits
    return pull[positive].sum() / len(logits)


def entropy(similarity: Float[Tensor, "n m"], stranger: Bool[Tensor, "n m"]) -> Float[Tensor, ""]:
    """Minus the mean logarithm of the distance to the nearest stranger.

    Args:
        similarity: Inner products of the views with all views.
        stranger: Which entries show another picture; at least one in each row.
    """
    return entropy_of_nearest(similarity.masked_fill(~stranger, -2.0).amax(dim=1))


def entropy_of_nearest(similarity: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """``entropy`` from the similarity of each view with its nearest stranger.

    >>> round(float(entropy_of_nearest(torch.tensor([0.9, 0.2]))), 6)
    0.284859
    """
    distance = (2.0 - 2.0 * similarity).clamp(min=1e-6).sqrt()
    return -distance.clamp(min=_DISTANCE_FLOOR).log().mean()


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The terms of the objective, for the log."""

    total: Float[Tensor, ""]
    nce: Float[Tensor, ""]
    entropy: Float[Tensor, ""]


class SscdLoss(nn.Module):
    """The whole objective with its memory; the checkpoint saves the memory.

    Args:
        dim: Dimensions of the descriptors.
        temperature: Divisor of the similarities; above 0.
        entropy_weight: Weight of the entropy term.
        memory: Number of past descriptors to keep; 0 keeps none.
    """

    def __init__(self, *, dim: int, temperature: float, entropy_weight: float, memory: int) -> None:
        super().__init__()
        self.temperature = temperature
        self.entropy_weight = entropy_weight
        self.memory = DescriptorMemory(dim=dim, size=memory)

    def forward(self, descriptors: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]) -> Terms:
        """The terms of the objective for a batch; the memory adds strangers."""
        every, pictures = self.memory.joined(descriptors, picture)
        similarity = descriptors @ every.T
        same = picture[:, None] == pictures[None, :]
        positive = same.clone()
        positive.fill_diagonal_(fill_value=False)
        positive[:, len(picture) :] = False
        nce = info_nce(similarity, positive, ~same, temperature=self.temperature)
        spread = entropy(similarity, ~same)
        return Terms(total=nce + self.entropy_weight * spread, nce=nce.detach(), entropy=spread.detach())
