"""Distillation of descriptors: the student's descriptor approaches the teacher's descriptor.

Formula: ``weight |f_s / |f_s| - f_t / |f_t||^2``, mean over the batch, which is ``2 weight (1 - cosine)``. If student
and teacher have different dimensions, a linear map first projects the student's descriptor. The map is trained with
the student and then discarded.

Source: the squared distance is that of FitNets (Romero et al. 2015, https://arxiv.org/abs/1412.6550), taken at the
descriptor, as in Feng et al., "Towards Mask-robust Face Recognition", ICCV workshops 2021. The paper gives no weight.
OUR READING: choose the weight so that this term equals the other loss at the start. Both vectors are normalised,
because distances of raw vectors would teach lengths, which no comparison uses.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class EmbeddingDistillation(nn.Module):
    """The distillation loss, with a linear map if the dimensions differ.

    Args:
        student: Dimensions of the student's descriptors.
        teacher: Dimensions of the teacher's descriptors.
        weight: Factor on the loss, 0 and up.
    """

    def __init__(self, *, student: int, teacher: int, weight: float = 1.0) -> None:
        super().__init__()
        self.map = nn.Identity() if student == teacher else nn.Linear(student, teacher, bias=False)
        self.weight = weight

    def forward(self, student: Float[Tensor, "n s"], teacher: Float[Tensor, "n t"]) -> Float[Tensor, ""]:
        """The loss, between 0 and 4 times the weight; the teacher gets no gradient."""
        mapped = functional.normalize(self.map(student))
        return self.weight * (mapped - functional.normalize(teacher.detach())).square().sum(dim=1).mean()
