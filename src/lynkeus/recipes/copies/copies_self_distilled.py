"""Pre-training of the copy descriptor's backbone without labels, by a student and its slow teacher.

The teacher sees the light view of a picture, and the student sees the heavy view. DINO's head ends in vectors of length
1 and their cosines with prototypes; here these vectors are the descriptors. Only the backbone is used afterwards: a
recipe whose ``start`` names this run loads the backbone and whitens a new linear layer.

Source: DINO (Caron et al. 2021, https://arxiv.org/abs/2104.14294) and EsViT (Li et al. 2022,
https://arxiv.org/abs/2106.09785), with a small network, one view each, the ImageNet start and 1,024 prototypes.
Expected: micro average precision .667 (``listed``) and .439 (``further``) after new whitening, on a third of the tune
half of ``benchmarks/copies`` among 1,000 references, at 192 px (one seed); .661 and .398 without this training.
Cost: 10 min, one shared CPU core, 2 GiB.
Run: ``lynkeus train copies_self_distilled --data DATA --hold-out benchmarks/copies/csv --out runs/self_distilled``
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lynkeus.data.batches import Batch, load_batches
from lynkeus.engine.checkpoint import Training
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import fit, gather
from lynkeus.engine.run import open_run
from lynkeus.losses.self_distillation import Distilled, Prototypes, SelfDistillationLoss
from lynkeus.losses.slow_copy import SlowCopy
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.copies_first import RECIPE as FIRST
from lynkeus.recipes.copies.recipe import CopyRecipe, open_training_cache, start_model, view_pairs
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfDistilledRecipe:
    """A pre-training and the network that it trains.

    Attributes:
        network: Pictures, network, optimiser and seed; the objective is not used.
        prototypes: Number of prototypes of the head; they learn at the head's rate.
        student_temperature: Temperature of the student in the loss.
        teacher_temperature: Temperature of the teacher in the loss.
        centre_momentum: Momentum of the centre in the loss.
        momentum: Share of the teacher's weights that the teacher keeps at each step.
    """

    network: CopyRecipe
    prototypes: int
    student_temperature: float
    teacher_temperature: float
    centre_momentum: float
    momentum: float

    def train(
        self, places: Places, fabric: Fabric, *, workers: int = 1, stop_after: int | None = None
    ) -> CopyDescriptor:
        """Train or resume training; gives the student.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric.
            workers: Processes that make batches.
            stop_after: Stop at this step as if interrupted.
        """
        network = self.network
        cache = open_training_cache(network, places)
        run = open_run(places.out, self, extra={"pictures_sha256": cache.digest})
        model = start_model(network, cache, runs=places.out.parent)
        objective = TeacherAndStudent(self, model)
        wrapped, optimiser = set_up(fabric, model, _optimiser(model, objective.head, network.descent))
        batches = view_pairs(network, cache, places, fabric)

        def terms(batch: Batch) -> Mapping[str, Tensor]:
            return cast("Distilled", objective(wrapped, batch, fabric))._asdict()

        def from_step(start: int, stop: int) -> Iterable[Batch]:
            return load_batches(batches, start=start, stop=stop, workers=workers)

        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=objective),
            run=run,
            batches=from_step,
            terms=terms,
            options=network.descent.options(stop_after=stop_after),
        )
        return model

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate the student as a copy descriptor; the linear layer is not whitened."""
        return self._student().evaluate(places)

    def export(self, places: Places, target: Path) -> Path:
        """Write the student as a copy descriptor; gives the int8 file."""
        return self._student().export(places, target)

    def _student(self) -> CopyRecipe:
        return replace(self.network, objective=replace(self.network.objective, momentum=None))


class TeacherAndStudent(nn.Module):
    """The heavy view goes through the model, the light view through the slow copy of the model; both have a head."""

    def __init__(self, recipe: SelfDistilledRecipe, model: CopyDescriptor) -> None:
        super().__init__()
        dim, count, momentum = recipe.network.dim, recipe.prototypes, recipe.momentum
        self.head = Prototypes(dim=dim, count=count)
        self.slow_head = SlowCopy(self.head, Prototypes(dim=dim, count=count), momentum=momentum)
        self.slow = SlowCopy(model, CopyDescriptor(dim=dim), momentum=momentum)
        self.loss = SelfDistillationLoss(
            prototypes=count,
            student_temperature=recipe.student_temperature,
            teacher_temperature=recipe.teacher_temperature,
            centre_momentum=recipe.centre_momentum,
        )

    def forward(self, model: nn.Module, batch: Batch, fabric: Fabric) -> Distilled:
        """The loss terms of a batch. The teacher first follows the last step; the batch then moves the centre."""
        self.slow.follow(model)
        self.slow_head.follow(self.head)
        teacher = self.slow_head(gather(fabric, cast("Tensor", self.slow(batch.pixels[0::2]))))
        student = self.head(gather(fabric, cast("Tensor", model(batch.pixels[1::2]))))
        terms = cast("Distilled", self.loss(student, teacher))
        self.loss.follow(teacher)
        return terms


def _optimiser(model: CopyDescriptor, head: Prototypes, descent: Descent) -> torch.optim.Optimizer:
    learning = [weight for weight in model.backbone.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": learning, "lr": descent.backbone_rate},
            {"params": [*model.project.parameters(), *head.parameters()], "lr": descent.head_rate},
        ],
        weight_decay=descent.weight_decay,
    )


RECIPE = SelfDistilledRecipe(
    network=replace(
        FIRST,
        whiten_pictures=1000,
        whiten_shrink=0.3,
        descent=Descent(
            steps=240,
            warmup=20,
            cooldown=100,
            backbone_rate=1e-4,
            head_rate=5e-4,
            weight_decay=1e-4,
            accumulate=1,
            clip_norm=None,
        ),
    ),
    prototypes=1024,
    student_temperature=0.1,
    teacher_temperature=0.04,
    centre_momentum=0.9,
    momentum=0.99,
)
