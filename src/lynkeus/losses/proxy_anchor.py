"""Proxy-Anchor: one learned proxy per class attracts its pictures of the batch and repels all others.

Formula, with the cosine ``s`` of picture x and proxy p, ``P`` all proxies and ``P+`` those with a picture in the
batch: ``1/|P+| sum over P+ of log(1 + sum over own x of exp(-alpha (s - delta))) + 1/|P| sum over P of log(1 + sum
over other x of exp(alpha (s + delta)))``.

Source: Kim et al. 2020, https://arxiv.org/abs/2003.13911.

Changed from the released code: the code adds plain exponentials, which overflow in half precision at alpha 32. Here one
step computes the logarithm of the sum.
"""

from typing import cast

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.angular_margin import ClassCentres


def log1p_sum_exp(values: Float[Tensor, "n m"], chosen: Bool[Tensor, "n m"], *, dim: int) -> Float[Tensor, " k"]:
    """``log(1 + sum of exp)`` of the chosen values along a dimension; 0 if none is chosen.

    Args:
        values: Finite numbers.
        chosen: Which values count.
        dim: Dimension of the sum, 0 or 1.
    """
    zero = torch.zeros_like(values.narrow(dim, 0, 1))
    return torch.cat((zero, values.masked_fill(~chosen, -torch.inf)), dim=dim).logsumexp(dim=dim)


def proxy_anchor(
    cosine: Float[Tensor, "n c"], label: Int64[Tensor, " n"], *, alpha: float, delta: float
) -> Float[Tensor, ""]:
    """The loss of a batch.

    Args:
        cosine: Cosine of each picture with each proxy.
        label: Class of each picture, 0 to below c.
        alpha: Factor on the cosines, above 0.
        delta: Margin on the cosine, 0 and up.
    """
    own = functional.one_hot(label, cosine.shape[1]).bool()
    pull = log1p_sum_exp(-alpha * (cosine - delta), own, dim=0)
    push = log1p_sum_exp(alpha * (cosine + delta), ~own, dim=0)
    return pull.sum() / own.any(dim=0).sum() + push.mean()


class ProxyAnchor(nn.Module):
    """Proxy-Anchor with learned proxies.

    Args:
        dim: Dimensions of the descriptors.
        classes: Number of classes.
        alpha: As in ``proxy_anchor``.
        delta: As in ``proxy_anchor``.
    """

    def __init__(self, *, dim: int, classes: int, alpha: float = 32.0, delta: float = 0.1) -> None:
        super().__init__()
        self.centres = ClassCentres(dim=dim, classes=classes)
        self.alpha, self.delta = alpha, delta

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """The loss of a batch of at least one picture."""
        return proxy_anchor(cast("Tensor", self.centres(descriptors)), label, alpha=self.alpha, delta=self.delta)
