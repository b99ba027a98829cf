"""Pre-training of the copy descriptor's backbone without labels, by a student and its slow teacher.

The teacher sees the light view of a picture, the student the heavy one. DINO's head ends in vectors of length 1 and
their cosines with prototypes; here those vectors are the descriptors. What is kept is the backbone: a recipe
whose ``start`` names this run loads it and whitens the linear layer anew.

Source: DINO (Caron et al. 2021, https://arxiv.org/abs/2104.14294) and EsViT (Li et al. 2022,
https://arxiv.org/abs/2106.09785), with a small network, one view each, the ImageNet start and 1,024 prototypes.
Expected: micro average precision .667 (``listed``) and .439 (``further``) once whitened anew, on a third of the tune
half of ``benchmarks/copies`` among 1,000 references, at 192 px (one seed); .661 and .398 without this training.
Cost: 10 min, one CPU core that others shared, 2 GiB.
Run: ``python -m benchmarks.copies.self_distillation --data DATA --work DIR --runs DIR --caches DIR``
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
from lynkeus.recipes.config import CopyRecipe, Descent
from lynkeus.recipes.copies import open_training_cache, start_model, view_pairs
from lynkeus.recipes.copies_first import RECIPE as FIRST
from lynkeus.recipes.protocol import Places


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfDistilledRecipe:
    """A pre-training and what it trains.

    Attributes:
        network: Pictures, network, optimiser and seed; its objective is not used.
        prototypes: Directions of the head; they learn at the head's rate.
        student_temperature: Of the loss.
        teacher_temperature: Of the loss.
        centre_momentum: Of the loss.
        momentum: Share of its weights that the teacher keeps each step.
    """

    network: CopyRecipe
    prototypes: int
    student_temperature: float
    teacher_temperature: float
    centre_momentum: float
    momentum: float


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


class TeacherAndStudent(nn.Module):
    """The heavy view through the model, the light one through its slow copy; both have a head."""

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
        """The terms of a batch, which then moves the centre; the teacher follows the step before."""
        self.slow.follow(model)
        self.slow_head.follow(self.head)
        teacher = self.slow_head(gather(fabric, cast("Tensor", self.slow(batch.pixels[0::2]))))
        student = self.head(gather(fabric, cast("Tensor", model(batch.pixels[1::2]))))
        terms = cast("Distilled", self.loss(student, teacher))
        self.loss.follow(teacher)
        return terms


def train_self_distilled(
    recipe: SelfDistilledRecipe,
    places: Places,
    *,
    barred: frozenset[str] = frozenset(),
    workers: int = 1,
    stop_after: int | None = None,
) -> CopyDescriptor:
    """Train, or go on training, and give the student.

    Args:
        recipe: What to train.
        places: Folders.
        barred: Pictures that must not train, relative to the data root.
        workers: Processes that make batches.
        stop_after: Stop at this step as if interrupted.
    """
    fabric = Fabric(accelerator="cpu", devices=1)
    network = recipe.network
    cache = open_training_cache(network, places, barred=barred)
    run = open_run(places.out, recipe, extra={"pictures_sha256": cache.digest})
    model = start_model(network, cache, runs=places.out.parent)
    objective = TeacherAndStudent(recipe, model)
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


def _optimiser(model: CopyDescriptor, head: Prototypes, descent: Descent) -> torch.optim.Optimizer:
    learning = [weight for weight in model.backbone.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": learning, "lr": descent.backbone_rate},
            {"params": [*model.project.parameters(), *head.parameters()], "lr": descent.head_rate},
        ],
        weight_decay=descent.weight_decay,
    )
