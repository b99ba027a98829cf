"""A descriptor for retrieval by class, trained in one or two stages: fields and training of DeepFirearm's recipes.

Source: Hao et al. 2018, https://arxiv.org/abs/1806.02984; docs/methods/retrieval.md says what was kept and changed.

Conventions: a run of two stages keeps the first stage in its folder ``cls``. Training starts from the maps of the
frozen blocks, which are computed once (``view_maps``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, nn

from lynkeus.core import DataError
from lynkeus.data.classes import Group
from lynkeus.data.object_views import object_view
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import fit, gather
from lynkeus.engine.run import open_run
from lynkeus.models.embedders import Embedder
from lynkeus.models.embedders.opening import NONE, open_embedder
from lynkeus.recipes.config import Descent
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.retrieval.batches import Draws, StageBatches, StepBatch
from lynkeus.recipes.retrieval.data import Kept, Opened, open_split
from lynkeus.recipes.retrieval.evaluation import evaluated
from lynkeus.recipes.retrieval.publish import publish_embedder
from lynkeus.recipes.retrieval.stages import Angular, Classification, Loss, StageObjective
from lynkeus.recipes.view_maps import ViewPlan, open_view_maps, pooled
from lynkeus.report.laboratory.evaluation import Evaluation

_VIEWS = 0  # seed of the views; all runs share the views
FIRST = "cls"  # folder of the first stage, named as in the paper
"""Folder of the first stage of two, inside the run's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalRecipe:
    """A descriptor and its training.

    Attributes:
        groups: Sets of classes.
        kept: Classes of each group that do not train.
        cached_side: Longest side of the cached pictures, pixels.
        area: Area of a resized picture in training and at inference, square pixels.
        views: Number of views per picture, including the unchanged picture.
        embedder: Name of the architecture.
        weights: Initial weights, as in ``open_embedder``.
        frozen_blocks: Number of blocks that do not learn.
        pictures: Pictures per step, even; half as many pairs.
        classify: The first stage; None skips this stage.
        classify_descent: Optimiser of the first stage.
        loss: The second stage; None skips this stage. Without both stages, the descriptor is the published one.
        descent: Optimiser of the second stage.
        dim: Dimensions that the PCA of evaluation and export keeps, fitted on the training pictures; None means no
            PCA.
        seed: Seed of the split of the classes and of all other randomness.

    Raises:
        ValueError: ``groups`` and ``kept`` differ in length, or ``pictures`` is not even.
    """

    groups: tuple[Group, ...]
    kept: tuple[Kept, ...]
    cached_side: int
    area: int
    views: int
    embedder: str
    weights: str
    frozen_blocks: int
    pictures: int
    classify: Classification | None
    classify_descent: Descent
    loss: Loss | None
    descent: Descent
    dim: int | None
    seed: int

    def __post_init__(self) -> None:
        """Check fields that depend on each other."""
        if len(self.groups) != len(self.kept):
            raise ValueError(f"{len(self.groups)} groups, but {len(self.kept)} entries in kept")
        if self.pictures < 2 or self.pictures % 2:
            raise ValueError(f"{self.pictures} pictures per step, must be even")

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> Embedder:
        """Train or resume all stages; steps count over both stages."""
        with fabric.rank_zero_first():
            opened = open_all(self, places)
        model = start_embedder(self)
        two = self.classify is not None and self.loss is not None
        if two:
            first = replace(places, out=places.out / FIRST)
            alone = replace(self, loss=None, descent=self.classify_descent)
            _train_stage(alone, first, fabric, model, opened, stop_after=stop_after)
            if stop_after is not None:
                stop_after -= self.classify_descent.steps
                if stop_after < 0:
                    return model.eval()
        last = replace(self, classify=None) if two else self
        return _train_stage(last, places, fabric, model, opened, stop_after=stop_after)

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate retrieval among the classes kept for the evaluation, before and after training."""
        opened = open_all(self, places)
        return evaluated(load_embedder(self, places.out), opened, dim=self.dim)

    def export(self, places: Places, target: Path) -> Path:
        """Write the descriptor, with the PCA if the recipe has one."""
        opened = open_all(self, places)
        model = load_embedder(self, places.out)
        return publish_embedder(
            model, opened, target, dim=self.dim, area=self.area, name=places.out.name, weights=self.weights
        )


class PooledParts(nn.Module):
    """The pooled features of maps in parts; all maps of a part have one shape.

    Args:
        embedder: The model that pools.
    """

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.embedder = embedder

    def forward(self, parts: list[Tensor]) -> Float[Tensor, "b d"]:
        """The features, part after part."""
        return torch.cat([self.embedder.pool(part) for part in parts])


def open_all(recipe: RetrievalRecipe, places: Places) -> Opened:
    """The pictures of a recipe with their classes and maps."""
    split = open_split(
        places.data,
        recipe.groups,
        recipe.kept,
        side=recipe.cached_side,
        caches=places.caches,
        seed=recipe.seed,
        barred=places.barred,
    )
    plan = ViewPlan(edits=(object_view(),), views=recipe.views - 1, area=recipe.area, seed=_VIEWS)
    start = start_embedder(recipe)
    maps = open_view_maps(start, split.pictures.cache, plan, caches=places.caches)
    return Opened(split=split, maps=maps, start=start)


def start_embedder(recipe: RetrievalRecipe) -> Embedder:
    """The model before it has seen a picture."""
    torch.manual_seed(recipe.seed)
    return open_embedder(recipe.embedder, frozen_blocks=recipe.frozen_blocks, weights=recipe.weights)


def load_embedder(recipe: RetrievalRecipe, run: Path) -> Embedder:
    """The model of a run's last checkpoint, in evaluation mode.

    Raises:
        NotTrainedError: The folder holds no checkpoint.
    """
    network = PooledParts(open_embedder(recipe.embedder, frozen_blocks=recipe.frozen_blocks, weights=NONE))
    network.load_state_dict(read_checkpoint(run)["model"])
    return network.embedder.eval()


def _train_stage(
    recipe: RetrievalRecipe,
    places: Places,
    fabric: Fabric,
    model: Embedder,
    opened: Opened,
    *,
    stop_after: int | None,
) -> Embedder:
    """Train one stage. Without a stage, the checkpoint holds the model as it is."""
    if recipe.pictures % fabric.world_size:
        raise DataError(f"{recipe.pictures} pictures per step do not divide among {fabric.world_size} processes")
    first = recipe.classify is not None
    stage, descent = (recipe.classify, recipe.classify_descent) if first else (recipe.loss, recipe.descent)
    barred = {"barred": sorted(places.barred)} if places.barred else {}
    run = open_run(places.out, recipe, extra={"pictures_sha256": opened.split.pictures.cache.digest, **barred})
    torch.manual_seed(recipe.seed)
    objective, batches = _objective(stage, recipe, model, opened, fabric) if stage is not None else (nn.Module(), None)
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
    wrapped, optimiser = set_up(fabric, PooledParts(model), _optimiser(model, objective, descent))

    def from_step(start: int, stop: int) -> Iterable[StepBatch]:
        return (batches[step] for step in range(start, stop)) if batches is not None else ()

    def terms(batch: StepBatch) -> Mapping[str, Tensor]:
        pooled = gather(fabric, cast("Tensor", wrapped(batch.parts))[batch.order])
        return {"loss": cast("Tensor", objective(pooled, batch.label, batch.group))}

    fit(
        fabric,
        Training(model=wrapped, optimiser=optimiser, loss=objective),
        run=run,
        batches=from_step,
        terms=terms,
        options=descent.options(stop_after=stop_after),
    )
    return model.cpu().eval()


def _objective(
    stage: Classification | Loss, recipe: RetrievalRecipe, model: Embedder, opened: Opened, fabric: Fabric
) -> tuple[StageObjective, StageBatches]:
    """The loss of a stage and its batches."""
    split, maps = opened.split, opened.maps
    numbers = [split.numbers("train", group) for group in split.groups("train")]
    label = np.full(len(split.pictures.label), -1, np.int64)
    for one in numbers:
        label[one] = np.unique(split.pictures.label[one], return_inverse=True)[1]
    counts = [np.bincount(label[one]).tolist() for one in numbers]
    objective = StageObjective(stage, dim=model.dim, counts=counts)
    if isinstance(stage, Angular):
        for group, one in enumerate(numbers):
            objective.centre(group, torch.from_numpy(pooled(model, maps, one)), torch.from_numpy(label[one]))
    descent = recipe.classify_descent if isinstance(stage, Classification) else recipe.descent
    steps = descent.steps * descent.accumulate
    draws = Draws(stage, numbers, label, pictures=recipe.pictures, steps=steps, views=recipe.views, seed=recipe.seed)
    return objective, StageBatches(draws, maps, label, rank=fabric.global_rank, world=fabric.world_size)


def _optimiser(model: Embedder, objective: nn.Module, descent: Descent) -> torch.optim.Optimizer:
    groups = [
        {"params": [w for w in model.parameters() if w.requires_grad], "lr": descent.backbone_rate},
        {"params": list(objective.parameters()), "lr": descent.head_rate},
    ]
    return torch.optim.AdamW([one for one in groups if one["params"]], weight_decay=descent.weight_decay)
