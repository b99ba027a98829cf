"""Equalization Loss v2: one sigmoid a class, whose pull and push are balanced by the gradients so far.

Formula, for logits ``z`` of C classes and a last column for the background, ``p = sigmoid(z)``, one-hot ``y``
(background in the last column): ``f(r) = 1 / (1 + exp(-gamma (r - mu)))``, ``w- = f(r)``, ``w+ = 1 + alpha (1 -
w-)``, both 1 for the background; ``W = w+ y + w- (1 - y)``, loss ``sum of W BCE(z, y) / n``. Afterwards, without a
gradient: ``g = |p - y| W``, ``G+ += sum of g y``, ``G- += sum of g (1 - y)`` over the batch of all processes, ``r =
G+ / (G- + 1e-10)``. A step uses the ratio of the step before; the first has r = 100.

Source: Tan et al. 2021, https://arxiv.org/abs/2012.08548, and its released code.

What code after it gets wrong: the sums are no buffers, so that a resumed run starts with the ratios of the first
step; scores are taken by a softmax from a head that was trained as C + 1 sigmoids. Here the sums are in the
checkpoint, and ``eql_scores`` gives ``sigmoid(z_j) (1 - sigmoid(z_background))``.

Conventions: a class that was never positive has r = 0 and is hardly pushed (weight 6.8e-5). Rows that are to be
ignored are left out by the caller. Each stage of a cascade has a loss of its own. A classifier over many rows and
classes starts with a bias of about -log(99).
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.processes import summed

_RATIO_FLOOR = 1e-10
_START = 100.0


def push_weight(ratio: Float[Tensor, " c"], *, gamma: float, mu: float) -> Float[Tensor, " c"]:
    """How much a class is pushed, 0 to 1; grows with the ratio of its positive to its negative gradients.

    Args:
        ratio: Gradients that pulled over gradients that pushed, 0 and up.
        gamma: Steepness.
        mu: Ratio at which the weight is a half.

    >>> [round(float(w), 6) for w in push_weight(torch.tensor([0.5, 0.8, 1.5]), gamma=12.0, mu=0.8)]
    [0.026597, 0.5, 0.999775]
    """
    return torch.sigmoid(gamma * (ratio - mu))


def eql_scores(logits: Float[Tensor, "n c1"]) -> Float[Tensor, "n c"]:
    """Score of each class, 0 to 1: that it is the class and not the background, which is the last column."""
    return logits[:, :-1].sigmoid() * (-logits[:, -1:]).sigmoid()


class EqlV2(nn.Module):
    """The loss with its sums, which are saved with the checkpoint.

    Args:
        classes: Without the background.
        gamma: As in ``push_weight``.
        mu: As there.
        alpha: How much a class with small ratio is pulled the more, 0 and up.
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
        """The loss of some regions; in training mode they then enter the sums.

        Args:
            logits: One column a class, then the background's.
            label: 0 to C; C is the background.
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
        """Add a batch to the sums; the buffers are replaced, not written to."""
        step = torch.stack(((gradient * wanted).sum(dim=0), (gradient * (1.0 - wanted)).sum(dim=0)))
        pulled, pushed = summed(step[:, :-1]).to(self.pulled)
        self.pulled, self.pushed = self.pulled + pulled, self.pushed + pushed
        self.ratio = self.pulled / (self.pushed + _RATIO_FLOOR)
