"""Self-distillation without labels: on an edited view, a student predicts a slow teacher's output on the picture.

Source: DINO (Caron et al. 2021, https://arxiv.org/abs/2104.14294, section 3.1), which is the loss at the level of
views of EsViT (Li et al. 2022, https://arxiv.org/abs/2106.09785, equation 1); written from the formulas. For scores
s of the student and t of the teacher over K prototypes, centre c and temperatures a (student) and b (teacher)::

    p = softmax((t - c) / b)        q = softmax(s / a)        loss = mean over views of -sum_k p_k log q_k
    c <- m c + (1 - m) mean over views of t

The centre prevents that one prototype wins everywhere; the low temperature b prevents a uniform output of the teacher.
Left out: EsViT's loss at the level of regions, and the many small crops of both papers.

Conventions: scores are cosines (``Prototypes``); no gradient reaches the teacher.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


def self_distillation(
    student: Float[Tensor, "n k"], target: Float[Tensor, "n k"], *, temperature: float
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the student's softmax with the teacher's probabilities.

    Args:
        student: Scores of the student for the prototypes.
        target: Probabilities of the teacher, in the same order of prototypes; each row sums to 1.
        temperature: Divisor of the student's scores, above 0.

    >>> round(float(self_distillation(torch.zeros(2, 4), torch.full((2, 4), 0.25), temperature=0.1)), 4)
    1.3863
    """
    return -(target * (student / temperature).log_softmax(dim=1)).sum(dim=1).mean()


class Prototypes(nn.Module):
    """Cosines of descriptors with learned directions: the last layer of DINO's head.

    Args:
        dim: Dimensions of the descriptors.
        count: Number of prototypes.
    """

    def __init__(self, *, dim: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(functional.normalize(torch.randn(count, dim)))

    def forward(self, descriptors: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """The cosines, -1 to 1.

        Args:
            descriptors: Descriptors of length 1.
        """
        return descriptors @ functional.normalize(self.weight).T


class Distilled(NamedTuple):
    """The terms of a batch.

    Attributes:
        loss: The loss to minimise; the entropy is its lower bound.
        entropy: Mean entropy of the teacher's probabilities, nats; log K means that the teacher distinguishes nothing.
        spread: Entropy of the mean probabilities, nats; 0 means that one prototype wins everywhere.
    """

    loss: Float[Tensor, ""]
    entropy: Float[Tensor, ""]
    spread: Float[Tensor, ""]


class SelfDistillationLoss(nn.Module):
    """Self-distillation with the teacher's centre; the checkpoint saves the centre.

    Args:
        prototypes: Number of prototypes.
        student_temperature: Divisor of the student's scores, above 0.
        teacher_temperature: Divisor of the teacher's centred scores, above 0.
        centre_momentum: Weight of the old centre in an update, 0 to below 1.
    """

    centre: Tensor

    def __init__(
        self, *, prototypes: int, student_temperature: float, teacher_temperature: float, centre_momentum: float
    ) -> None:
        super().__init__()
        self.student_temperature = student_temperature
        self.teacher_temperature = teacher_temperature
        self.centre_momentum = centre_momentum
        self.register_buffer("centre", torch.zeros(prototypes))

    def forward(self, student: Float[Tensor, "n k"], teacher: Float[Tensor, "n k"]) -> Distilled:
        """The terms of a batch, with the centre of the previous batches.

        Args:
            student: Scores of the edited views.
            teacher: Scores of the references from the slow teacher, in the same order.
        """
        target = ((teacher.detach() - self.centre) / self.teacher_temperature).softmax(dim=1)
        loss = self_distillation(student, target, temperature=self.student_temperature)
        return Distilled(
            loss, torch.special.entr(target).sum(dim=1).mean(), torch.special.entr(target.mean(dim=0)).sum()
        )

    @torch.no_grad()
    def follow(self, teacher: Float[Tensor, "n k"]) -> None:
        """Update the centre with the mean scores of a batch."""
        self.centre.lerp_(teacher.mean(dim=0), 1.0 - self.centre_momentum)
