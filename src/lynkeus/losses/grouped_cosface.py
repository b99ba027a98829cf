"""CosFace within groups: pulls each picture to its class centre, away from the other centres of its group.

Source: CosFace (Wang et al. 2018, https://arxiv.org/abs/1801.09414, equation 4); written from the formula. For a
picture of class y in group G, with the cosines c to the centres of G:
``-log(exp(s (c_y - m)) / (exp(s (c_y - m)) + sum of exp(s c_j) over j in G, j != y))``. Changed: the sum runs over the
group instead of over all classes, because classes of different groups need not exclude each other.

Conventions: descriptors and centres have length 1; a higher cosine is more alike.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional


def grouped_cosface(
    cosine: Float[Tensor, "n c"],
    label: Int64[Tensor, " n"],
    group: Int64[Tensor, " c"],
    *,
    scale: float,
    margin: float,
) -> Float[Tensor, ""]:
    """Mean over the pictures.

    Args:
        cosine: Cosine of each picture with each class centre.
        label: Class of each picture.
        group: Group of each class.
        scale: Factor on the cosines, above 0.
        margin: Subtracted from the cosine with the own class, 0 and up.
    """
    own = functional.one_hot(label, len(group)).to(cosine)
    other_group = group[label][:, None] != group[None, :]
    logits = (scale * (cosine - margin * own)).masked_fill(other_group, -torch.inf)
    return functional.cross_entropy(logits, label)


class GroupedCosface(nn.Module):
    """``grouped_cosface`` with learned class centres.

    Args:
        centres: Initial centres, one per class, of any length but 0.
        group: Group of each class.
        scale: As in ``grouped_cosface``.
        margin: As in ``grouped_cosface``.
    """

    group: Tensor

    def __init__(
        self, centres: Float[Tensor, "c d"], group: Int64[Tensor, " c"], *, scale: float, margin: float
    ) -> None:
        super().__init__()
        self.centres = nn.Parameter(centres.clone())
        self.register_buffer("group", group)
        self.scale, self.margin = scale, margin

    def forward(self, descriptors: Float[Tensor, "n d"], label: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean over the batch."""
        cosine = descriptors @ functional.normalize(self.centres).T
        return grouped_cosface(cosine, label, self.group, scale=self.scale, margin=self.margin)
