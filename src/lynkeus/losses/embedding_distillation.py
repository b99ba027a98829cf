"""Distillation of descriptors: the student's lies where the teacher's does.

Formula: ``weight |f_s / |f_s| - f_t / |f_t||^2``, mean over the batch, which is ``2 weight (1 - cosine)``; where the
student is of another length, a linear map of it comes first, which is trained along and thrown away.

Source: the squared distance is that of FitNets (Romero et al. 2015, https://arxiv.org/abs/1412.6550), taken at the
descriptor, as in Feng et al., "Towards Mask-robust Face Recognition", ICCV workshops 2021, whose weight is not
published. OUR READING: choose it so that this term equals the other loss at the start. Distances of the raw vectors
would teach their lengths, which no comparison uses; so both are normalised.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class EmbeddingDistillation(nn.Module):
    """The loss, with the map where the lengths differ.

    Args:
        student: Numbers a descriptor of the student.
        teacher: Numbers a descriptor of the teacher.
        weight: Multiplies the loss, 0 and up.
    """

    def __init__(self, *, student: int, teacher: int, weight: float = 1.0) -> None:
        super().__init__()
        self.map = nn.Identity() if student == teacher else nn.Linear(student, teacher, bias=False)
        self.weight = weight

    def forward(self, student: Float[Tensor, "n s"], teacher: Float[Tensor, "n t"]) -> Float[Tensor, ""]:
        """The loss, 0 to 4 times the weight; the teacher gets no gradient."""
        mapped = functional.normalize(self.map(student))
        return self.weight * (mapped - functional.normalize(teacher.detach())).square().sum(dim=1).mean()
