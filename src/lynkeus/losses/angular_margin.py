"""Additive angular margin: the part that ArcFace and CurricularFace share.

Formula: ``cos(theta + m)`` if ``theta + m`` is at most pi, else ``cos(theta) - m sin(pi - m)``; the second branch keeps
the function decreasing in ``theta`` (ArcFace, Deng et al. 2019, https://arxiv.org/abs/1801.07698, and its released
code; the paper omits the second branch).

Fault of the sources: ``sqrt(1 - cos^2)`` has an infinite gradient at a cosine of 1 or -1, and rounding may lift a
cosine above 1; the released code then gives NaN. Here the square stays above the machine epsilon of the dtype.
"""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional


def add_angle(cosine: Float[Tensor, " n"], margin: float) -> Float[Tensor, " n"]:
    """The cosines after the margin is added to the angle.

    Args:
        cosine: Cosines, -1 to 1 up to rounding.
        margin: Angle to add, radians, 0 to below pi.

    >>> [round(c, 4) for c in add_angle(torch.tensor([0.6, -0.95]), 0.5).tolist()]
    [0.143, -1.1897]
    """
    sine = (1.0 - cosine.square()).clamp(min=torch.finfo(cosine.dtype).eps).sqrt()
    turned = cosine * math.cos(margin) - sine * math.sin(margin)
    return torch.where(cosine > math.cos(math.pi - margin), turned, cosine - margin * math.sin(math.pi - margin))


def own_cosine(cosine: Float[Tensor, "n c"], label: Int64[Tensor, " n"]) -> Float[Tensor, " n"]:
    """The cosine of each row with the centre of its own class."""
    return cosine.gather(1, label[:, None]).squeeze(1)


class ClassCentres(nn.Module):
    """One learned centre per class; computes the cosines of descriptors with all centres.

    Args:
        dim: Dimensions of the descriptors.
        classes: Number of classes.
    """

    def __init__(self, *, dim: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim))
        nn.init.normal_(self.weight, std=0.01)

    def forward(self, descriptors: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
        """Cosines, -1 to 1; the descriptors may have any length but 0."""
        return functional.normalize(descriptors) @ functional.normalize(self.weight).T
