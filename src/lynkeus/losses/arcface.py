"""ArcFace: softmax over cosines with an angular margin for the own class.

Formula: ``-log(exp(s T) / (exp(s T) + sum of exp(s c_j) over j != y))`` with the cosines ``c`` to the centres and
``T = cos(theta_y + m)`` as in ``angular_margin``.

Source: Deng et al. 2019, https://arxiv.org/abs/1801.07698; ``angular_margin`` names a fault of its code.

Conventions: the margin exists only in training; inference uses only the cosine.
"""

from typing import cast

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.angular_margin import ClassCentres, add_angle, own_cosine


def arcface_logits(
    cosine: Float[Tensor, "n c"], label: Int64[Tensor, " n"], *, scale: float, margin: float
) -> Float[Tensor, "n c"]:
    """The logits of the softmax.

    Args:
        cosine: Cosine of each picture with each class centre.
        label: Class of each picture, 0 to below c.
        scale: Factor on the cosines, above 0.
        margin: Angle to add, radians, 0 to below pi.
    """
    own = add_angle(own_cosine(cosine, label), margin)
    return scale * cosine.scatter(1, label[:, None], own[:, None])


class ArcFace(nn.Module):
    """ArcFace with learned class centres.

    Args:
        dim: Dimensions of the descriptors.
        classes: Number of classes.
        scale: As in ``arcface_logits``.
        margin: As in ``arcface_logits``.
    """

    def __init__(self, *, dim: int, classes: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.centres = ClassCentres(dim=dim, classes=classes)
        self.scale, self.margin = scale, margin

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        cosine = cast("Tensor", self.centres(descriptors))
        return functional.cross_entropy(arcface_logits(cosine, label, scale=self.scale, margin=self.margin), label)
