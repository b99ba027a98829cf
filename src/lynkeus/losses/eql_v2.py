"""Equalization Loss v2: one sigmoid per class; accumulated gradients balance positives and negatives.

Formula, for logits ``z`` of C classes and a last column for the background, ``p = sigmoid(z)``, one-hot ``y``
(background in the last column): ``f(r) = 1 / (1 + exp(-gamma (r - mu)))``, ``w- = f(r)``, ``w+ = 1 + alpha (1 -
w-)``, both 1 for the background; ``W = w+ y + w- (1 - y)``, loss ``sum of W BCE(z, y) / n``. Afterwards, without a
gradient: ``g = |p - y| W``, ``G+ += sum of g y``, ``G- += sum of g (1 - y)`` over the batch of all processes, ``r =
G+ / (G- + 1e-10)``. Each step uses the ratio of the previous step; the first step uses r = 100.

Source: Tan et al. 2021, https://arxiv.org/abs/2012.08548, and its released code.

Faults of later code: the sums are not buffers, so a resumed run starts with the ratios of the first step; and a softmax
computes the scores of a head that was trained as C + 1 sigmoids. Here the checkpoint holds the sums, and
``eql_scores`` gives ``sigmoid(z_j) (1 - sigmoid(z_background))``.

Conventions: a class that was never positive has r = 0, and its negatives hardly count (weight 6.8e-5). The caller
leaves out rows to ignore. Each stage of a cascade has its own loss. A classifier over many rows and classes starts
with a bias of about -log(99).
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.processes import summed

_RATIO_FLOOR = 1e-10  # as in the released code; keeps a division by 0 away
_START = 100.0  # ratio of the first step, as in the released code


def push_weight(ratio: Float[Tensor, " c"], *, gamma: float, mu: float) -> Float[Tensor, " c"]:
    """Weight of a class's negatives, 0 to 1; rises with the ratio of positive to negative gradients.

    Args:
        ratio: Accumulated positive gradients over accumulated negative gradients, 0 and up.
        gamma: Steepness of the weight.
        mu: Ratio at which the weight is one half.

    >>> [round(float(w), 6) for w in push_weight(torch.tensor([0.5, 0.8, 1.5]), gamma=12.0, mu=0.8)]
    [0.026597, 0.5, 0.999775]
    """
    return torch.sigmoid(gamma * (ratio - mu))


def eql_scores(logits: Float[Tensor, "n c1"]) -> Float[Tensor, "n c"]:
    """Score of each class, 0 to 1: the class and not the background, which is the last column."""
    return logits[:, :-1].sigmoid() * (-logits[:, -1:]).sigmoid()


class EqlV2(nn.Module):
    """Equalization Loss v2 with its sums; the checkpoint saves the sums.

    Args:
        classes: Number of classes without the background.
        gamma: As in ``push_weight``.
        mu: As in ``push_weight``.
        alpha: Extra weight of the positives of a class with a small ratio, 0 and up.
    """

    pulled: Tensor
    pushed: Tensor
    ratio: Tensor

    def __init__(self, *, classes: int, gamma: float = 12.0, mu: float = 0.8, alpha: float = 4.0) -> None:
        super().__init__()
        self.register_buffer("pulled", torch.zeros(classes))
        self.register_buffer("pushed", torch.zeros(classes))
        self.register_buffer("ratio", torch.full((classes,), _START))
        self.gamma, self.mu, self.alpha = gamma, mu, alpha

    def forward(self, logits: Float[Tensor, "n c1"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """The loss of a batch of regions; in training mode the sums then take up the batch.

        Args:
            logits: One column per class, then the background column.
            label: Class of each region, 0 to C; C is the background.
        """
        wanted = functional.one_hot(label, logits.shape[1]).to(logits)
        push = push_weight(self.ratio, gamma=self.gamma, mu=self.mu).to(logits)
        push = torch.cat((push, push.new_ones(1)))
        weight = torch.where(wanted == 1, 1.0 + self.alpha * (1.0 - push), push)
        loss = functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum") / len(logits)
        if self.training:
            self._count((logits.detach().sigmoid() - wanted).abs() * weight, wanted)
        return loss

    def _count(self, gradient: Float[Tensor, "n c1"], wanted: Float[Tensor, "n c1"]) -> None:
        """Add a batch to the sums; the buffers are replaced, not changed in place."""
        step = torch.stack(((gradient * wanted).sum(dim=0), (gradient * (1.0 - wanted)).sum(dim=0)))
        pulled, pushed = summed(step[:, :-1]).to(self.pulled)
        self.pulled, self.pushed = self.pulled + pulled, self.pushed + pushed
        self.ratio = self.pulled / (self.pushed + _RATIO_FLOOR)
