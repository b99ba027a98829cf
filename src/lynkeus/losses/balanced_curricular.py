"""Balanced Curricular Loss: CurricularFace's logits under the balanced softmax. OUR READING.

Formula: ``-log(n_y exp(s T) / (n_y exp(s T) + sum of n_j exp(s N_j) over j != y))`` with ``T`` and ``N`` of
``curricular`` and ``n`` the training pictures of each class, after cleaning and after masks are drawn.

Source: Feng et al., "Towards Mask-robust Face Recognition", ICCV workshops 2021, names the loss. The formula is not
available to us; this module combines the two losses in the name in the plain way. Figures made with this loss are not
figures of the authors.

Size of the effect: ``log(n_j / n_y) / s``. With ``s = 64``, a class with 100 times the pictures gets a margin of .072
in cosine. The effect is mild, and inference uses only the cosine.
"""

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float, Int64
from torch import Tensor, nn

from lynkeus.losses.angular_margin import ClassCentres
from lynkeus.losses.balanced_softmax import BalancedSoftmax
from lynkeus.losses.curricular import Curriculum


class BalancedCurricular(nn.Module):
    """Balanced Curricular Loss with learned class centres.

    Args:
        dim: Dimensions of the descriptors.
        counts: Number of training pictures of each class, at least 1 each.
        scale: As in ``curricular_logits``.
        margin: As in ``curricular_logits``.
        prior_power: As in ``BalancedSoftmax``; 0 gives CurricularFace.

    Raises:
        ValueError: A class has no picture, or there is no class.
    """

    def __init__(
        self, *, dim: int, counts: Sequence[int], scale: float = 64.0, margin: float = 0.5, prior_power: float = 1.0
    ) -> None:
        super().__init__()
        self.centres = ClassCentres(dim=dim, classes=len(counts))
        self.curriculum = Curriculum(scale=scale, margin=margin)
        self.balanced = BalancedSoftmax(counts, prior_power=prior_power)

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        logits = self.curriculum(self.centres(descriptors), label)
        return cast("Tensor", self.balanced(logits, label))
