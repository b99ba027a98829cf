"""ArcFace: softmax over cosines, with an angle added to the own class's.

Formula: ``-log(exp(s T) / (exp(s T) + sum of exp(s c_j) over j != y))`` with the cosines ``c`` to the centres and
``T = cos(theta_y + m)`` as in ``angular_margin``.

Source: Deng et al. 2019, https://arxiv.org/abs/1801.07698; see ``angular_margin`` for what its code gets wrong.

Conventions: only the cosine is used afterwards; the margin exists in training alone.
"""

from typing import cast

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.angular_margin import ClassCentres, add_angle, own_cosine


def arcface_logits(
    cosine: Float[Tensor, "n c"], label: Int64[Tensor, " n"], *, scale: float, margin: float
) -> Float[Tensor, "n c"]:
    """What the softmax sees.

    Args:
        cosine: Of each picture with each class's centre.
        label: Class of each picture, 0 to below c.
        scale: Multiplies the cosines, above 0.
        margin: Angle, radians, 0 to below pi.
    """
    own = add_angle(own_cosine(cosine, label), margin)
    return scale * cosine.scatter(1, label[:, None], own[:, None])


class ArcFace(nn.Module):
    """The loss with centres that learn.

    Args:
        dim: Numbers a descriptor.
        classes: How many there are.
        scale: As in ``arcface_logits``.
        margin: As there.
    """

    def __init__(self, *, dim: int, classes: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.centres = ClassCentres(dim=dim, classes=classes)
        self.scale, self.margin = scale, margin

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        cosine = cast("Tensor", self.centres(descriptors))
        return functional.cross_entropy(arcface_logits(cosine, label, scale=self.scale, margin=self.margin), label)
