"""A descriptor for retrieval by class, trained in one or two stages: what DeepFirearm's recipes say, and their run.

Source: Hao et al. 2018, https://arxiv.org/abs/1806.02984; docs/methods/retrieval.md says what was kept and changed.

Conventions: a run of two stages keeps the first in the folder ``cls`` inside its own. Training starts from the
maps of the blocks that do not learn; these maps are made once (``view_maps``).
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

_VIEWS = 0  # seed of the views: runs of all seeds share them
FIRST = "cls"
"""Folder of the first stage of two, inside the run's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalRecipe:
    """A descriptor and how it is trained.

    Attributes:
        groups: Sets of classes.
        kept: What each group keeps from training.
        cached_side: Longest side of the cached pictures, pixels.
        area: Square pixels to which a picture is brought, in training and in use.
        views: Views made of each picture, the plain one among them.
        embedder: Name of the architecture.
        weights: What it starts from, as in ``open_embedder``.
        frozen_blocks: Number of blocks that do not learn.
        pictures: Pictures a step, even; half as many pairs.
        classify: The first stage; None has none.
        classify_descent: Its optimiser.
        loss: The second stage; None has none. Without either the descriptor is the published one.
        descent: Its optimiser.
        dim: Numbers that the evaluation's and the export's PCA keeps, fitted on the pictures that train; None has no
            PCA.
        seed: Of the split of the classes and of all chance.

    Raises:
        ValueError: Groups and ``kept`` are not as many, or ``pictures`` is not even.
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
        """Check what belongs together."""
        if len(self.groups) != len(self.kept):
            raise ValueError(f"{len(self.groups)} groups and {len(self.kept)} of what they keep")
        if self.pictures < 2 or self.pictures % 2:
            raise ValueError(f"{self.pictures} pictures a step, wanted an even number")

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> Embedder:
        """Train, or go on training, all stages; steps are counted over both."""
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
        """Retrieval among the classes kept for measuring, before and after."""
        opened = open_all(self, places)
        return evaluated(load_embedder(self, places.out), opened, dim=self.dim)

    def export(self, places: Places, target: Path) -> Path:
        """Write the descriptor, with the PCA where there is one."""
        opened = open_all(self, places)
        model = load_embedder(self, places.out)
        return publish_embedder(
            model, opened, target, dim=self.dim, area=self.area, name=places.out.name, weights=self.weights
        )


class PooledParts(nn.Module):
    """The pooled features of maps that come in parts of one shape each.

    Args:
        embedder: What makes them.
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
    """What a run's last checkpoint gives, to be used, not trained.

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
        raise DataError(f"{recipe.pictures} pictures a step do not divide among {fabric.world_size} processes")
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
