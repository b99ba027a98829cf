"""Training of the copy descriptor: the one place where data, model, loss and loop meet."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from lynkeus.data.batches import Batch, BatchPlan, PairBatches, load_batches
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import list_pictures
from lynkeus.data.stickers import read_stickers
from lynkeus.data.views import heavy_view, light_view, squash
from lynkeus.engine.checkpoint import Training
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.models.backbones.efficientnet_lite import lite0_state_dict, load_lite0_weights
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.config import CopyRecipe
from lynkeus.recipes.objectives import make_objective
from lynkeus.recipes.protocol import Places


def train(
    recipe: CopyRecipe,
    places: Places,
    *,
    fabric: Fabric | None = None,
    barred: frozenset[str] = frozenset(),
    workers: int = 1,
    stop_after: int | None = None,
) -> CopyDescriptor:
    """Train, or go on training, and give the model.

    Args:
        recipe: What to train.
        places: Folders.
        fabric: Launched; None makes one process on this machine's CPU.
        barred: Pictures that must not train, relative to the data root.
        workers: Processes that make batches.
        stop_after: Stop at this step as if interrupted.
    """
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    cache = open_training_cache(recipe, places, barred=barred)
    run = open_run(places.out, recipe, extra={"pictures_sha256": cache.digest})
    model = start_model(recipe, cache, runs=places.out.parent)
    loss = make_objective(recipe, model)
    wrapped, optimiser = set_up(fabric, model, _optimiser(model, recipe))
    batches = view_pairs(recipe, cache, places, fabric)

    def terms(batch: Batch) -> Mapping[str, Tensor]:
        parts = loss(wrapped, batch, fabric)
        return {"loss": parts.total, "nce": parts.nce, "entropy": parts.entropy}

    def from_step(start: int, stop: int) -> Iterable[Batch]:
        return load_batches(batches, start=start, stop=stop, workers=workers)

    fit(
        fabric,
        Training(model=wrapped, optimiser=optimiser, loss=loss),
        run=run,
        batches=from_step,
        terms=terms,
        options=recipe.descent.options(stop_after=stop_after),
    )
    return loss.finished(model)


def view_pairs(recipe: CopyRecipe, cache: PictureCache, places: Places, fabric: Fabric) -> PairBatches:
    """The batches of a recipe, this process's share of them: a light and a heavy view of each picture."""
    return PairBatches(
        cache,
        BatchPlan(pictures=recipe.pictures, side=recipe.side, seed=recipe.seed),
        light=light_view(),
        heavy=heavy_view(hosts=cache, stickers=read_stickers(places.data), side=recipe.cached_side),
        rank=fabric.global_rank,
        world=fabric.world_size,
    )


def open_training_cache(recipe: CopyRecipe, places: Places, *, barred: frozenset[str]) -> PictureCache:
    """The decoded pictures of a recipe."""
    listing = list_pictures(places.data, recipe.sources, barred=barred)
    return open_cache(places.data, listing, side=recipe.cached_side, caches=places.caches)


def start_model(recipe: CopyRecipe, cache: PictureCache, *, runs: Path) -> CopyDescriptor:
    """The model before the first step: the weights the recipe names, the linear layer whitened.

    Args:
        recipe: What is trained.
        cache: Its pictures.
        runs: Folder of the runs, where that of ``recipe.start`` lies.
    """
    torch.manual_seed(recipe.seed)
    model = CopyDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks)
    if recipe.pretrained:
        load_lite0_weights(model.backbone, lite0_state_dict())
    if recipe.start is not None:
        earlier = torch.load(runs / recipe.start / "checkpoint.ckpt", map_location="cpu", weights_only=True)
        model.load_state_dict(earlier["model"])
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
    if recipe.whiten_pictures:
        rng = np.random.default_rng(recipe.seed)
        count = min(recipe.whiten_pictures, len(cache))
        share = np.array([source.share for source in cache.sources])[cache.source]
        pick = rng.choice(len(cache), count, replace=False, p=share / share.sum())
        parts = [_pooled(model, cache, pick[at : at + 32], recipe.side) for at in range(0, count, 32)]
        model.whiten(torch.cat(parts), shrink=recipe.whiten_shrink)
    return model


def barred_by_lists(lists: Path) -> frozenset[str]:
    """The pictures that a benchmark keeps for measuring.

    The test half of ``split.csv`` and all its references, and the hosts and strangers of both halves, but
    the train pictures of the tune half.

    Args:
        lists: Folder with ``split.csv`` (path, role, half), ``hosts.csv`` and ``strangers.csv`` (path).
    """
    split = _rows(lists / "split.csv")
    free = {row["path"] for row in split if (row["half"], row["role"]) == ("tune", "train")}
    listed = [row["path"] for name in ("hosts", "strangers") for row in _rows(lists / f"{name}.csv")]
    return frozenset({row["path"] for row in split} | set(listed)) - free


@torch.no_grad()
def _pooled(model: CopyDescriptor, cache: PictureCache, numbers: np.ndarray, side: int) -> Tensor:
    squares = np.stack([squash(cache[int(number)], side) for number in numbers])
    return model.eval().pooled(torch.from_numpy(squares))


def _optimiser(model: CopyDescriptor, recipe: CopyRecipe) -> torch.optim.Optimizer:
    descent = recipe.descent
    learning = [weight for weight in model.backbone.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": learning, "lr": descent.backbone_rate},
            {"params": list(model.project.parameters()), "lr": descent.head_rate},
        ],
        weight_decay=descent.weight_decay,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
