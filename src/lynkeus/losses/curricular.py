"""CurricularFace: ArcFace that gives hard negatives more weight as the model learns.

Formula, with the cosines ``c`` to the centres and ``T = cos(theta_y + m)`` as in ``angular_margin``: the logit of the
own class is ``s T``; the logit of another class is ``s c_j`` if ``c_j <= T``, else ``s c_j (t + c_j)``; the loss is the
cross-entropy of these logits. ``t`` is a running mean of the own cosines, ``t <- .01 mean(c_y) + .99 t``. It starts at
0, is updated *before* use, and gets no gradient.

Source: Huang et al. 2020, https://arxiv.org/abs/2004.00288, and its released code.

Changed: the mean is over the batch of all processes. In the released code each process keeps its own mean, so the
result depends on the number of processes. In evaluation mode ``t`` is constant.
"""

from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.losses.angular_margin import ClassCentres, add_angle, own_cosine
from lynkeus.losses.processes import summed

_RENEWAL = 0.01  # weight of a batch in the running mean, as in the paper


def curricular_logits(
    cosine: Float[Tensor, "n c"],
    label: Int64[Tensor, " n"],
    t: Float[Tensor, ""],
    *,
    scale: float,
    margin: float,
) -> Float[Tensor, "n c"]:
    """The logits of the softmax.

    Args:
        cosine: Cosine of each picture with each class centre.
        label: Class of each picture, 0 to below c.
        t: Progress of the training: running mean of the own cosines, -1 to 1.
        scale: Factor on the cosines, above 0.
        margin: Angle to add, radians, 0 to below pi.
    """
    own = add_angle(own_cosine(cosine, label), margin)[:, None]
    others = torch.where(cosine > own, cosine * (t.to(cosine) + cosine), cosine)
    return scale * others.scatter(1, label[:, None], own)


class Curriculum(nn.Module):
    """The logits with their running mean; the checkpoint saves the mean.

    Args:
        scale: As in ``curricular_logits``.
        margin: As in ``curricular_logits``.
    """

    t: Tensor

    def __init__(self, *, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.register_buffer("t", torch.zeros(()))
        self.scale, self.margin = scale, margin

    def forward(self, cosine: Float[Tensor, "n c"], label: Int64[Tensor, " n"]) -> Float[Tensor, "n c"]:
        """Update ``t`` in training mode, then give the logits of the softmax."""
        if self.training:
            own = own_cosine(cosine.detach(), label)
            total = summed(torch.stack((own.sum(), own.new_tensor(float(len(own))))))
            self.t = _RENEWAL * (total[0] / total[1]).to(self.t) + (1.0 - _RENEWAL) * self.t
        return curricular_logits(cosine, label, self.t, scale=self.scale, margin=self.margin)


class CurricularFace(nn.Module):
    """CurricularFace with learned class centres.

    Args:
        dim: Dimensions of the descriptors.
        classes: Number of classes.
        scale: As in ``curricular_logits``.
        margin: As in ``curricular_logits``.
    """

    def __init__(self, *, dim: int, classes: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.centres = ClassCentres(dim=dim, classes=classes)
        self.curriculum = Curriculum(scale=scale, margin=margin)

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        logits = cast("Tensor", self.curriculum(self.centres(descriptors), label))
        return functional.cross_entropy(logits, label)
