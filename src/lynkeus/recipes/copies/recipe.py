"""Training of the copy descriptor; combines data, model, loss and training loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from lynkeus.core import DataError
from lynkeus.data.batches import Batch, BatchPlan, PairBatches, load_batches
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import Source, list_pictures
from lynkeus.data.stickers import read_stickers
from lynkeus.data.views import heavy_view, light_view, squash
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.models.backbones.efficientnet_lite import lite0_state_dict, load_lite0_weights
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.evaluation import evaluate_copies
from lynkeus.recipes.copies.objective import Objective, make_objective
from lynkeus.recipes.copies.publish import Release, publish
from lynkeus.recipes.model_card import known_figures
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Evaluation

_HELD_OUT = 500  # most pictures of an evaluation; limits its time


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyRecipe:
    """A copy descriptor and its training.

    Attributes:
        sources: Folders of training pictures.
        cached_side: Longest side of the cached pictures, pixels.
        side: Side of the squashed pictures in training, pixels.
        pictures: Pictures per batch; each picture gives two views.
        dim: Length of a descriptor.
        pretrained: Start from the published ImageNet weights.
        start: Recipe whose finished run gives the initial backbone; the run's folder lies beside this run's folder.
            None means that ``pretrained`` decides.
        frozen_blocks: The stem and this number of blocks do not learn; -1 lets everything learn.
        whiten_pictures: Number of pictures that whiten the initial linear layer; 0 starts with random weights.
        whiten_shrink: Share of the mean variance added to every direction of the whitening.
        objective: The loss.
        descent: The optimiser.
        seed: Seed of all randomness.
    """

    sources: tuple[Source, ...]
    cached_side: int
    side: int
    pictures: int
    dim: int
    pretrained: bool
    start: str | None
    frozen_blocks: int
    whiten_pictures: int
    whiten_shrink: float
    objective: Objective
    descent: Descent
    seed: int

    def train(
        self, places: Places, fabric: Fabric, *, workers: int = 1, stop_after: int | None = None
    ) -> CopyDescriptor:
        """Train or resume training; gives the model.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric.
            workers: Processes that make batches.
            stop_after: Stop at this step as if interrupted.
        """
        cache = open_training_cache(self, places)
        run = open_run(places.out, self, extra={"pictures_sha256": cache.digest})
        model = start_model(self, cache, runs=places.out.parent)
        loss = make_objective(self.objective, model, dim=self.dim)
        wrapped, optimiser = set_up(fabric, model, _optimiser(model, self))
        batches = view_pairs(self, cache, places, fabric)

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
            options=self.descent.options(stop_after=stop_after),
        )
        return loss.finished(model)

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate how well an edited view of a held-out picture finds its picture among all held-out pictures.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
            DataError: No picture is held out.
        """
        model = load_model(places.out, self)
        held_out = open_held_out(self, places)
        edit = heavy_view(hosts=held_out, stickers=read_stickers(places.data), side=self.cached_side)
        return evaluate_copies(model, held_out, edit, side=self.side, seed=self.seed)

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX in fp32 and int8, with the card of the int8 file. Gives the int8 file.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
            CorruptError: The outputs of ONNX and PyTorch differ.
        """
        release = Release(name=places.out.name, version="1", recipe="lynkeus.recipes.copies", side=self.side)
        model = load_model(places.out, self)
        publish(model, release, open_training_cache(self, places), target, figures=known_figures(places.out))
        return target / f"{release.name}.int8.onnx"


def view_pairs(recipe: CopyRecipe, cache: PictureCache, places: Places, fabric: Fabric) -> PairBatches:
    """This process's share of a recipe's batches, with a light and a heavy view of each picture."""
    return PairBatches(
        cache,
        BatchPlan(pictures=recipe.pictures, side=recipe.side, seed=recipe.seed),
        light=light_view(),
        heavy=heavy_view(hosts=cache, stickers=read_stickers(places.data), side=recipe.cached_side),
        rank=fabric.global_rank,
        world=fabric.world_size,
    )


def open_training_cache(recipe: CopyRecipe, places: Places) -> PictureCache:
    """The decoded training pictures."""
    listing = list_pictures(places.data, recipe.sources, barred=places.barred)
    return open_cache(places.data, listing, side=recipe.cached_side, caches=places.caches)


def open_held_out(recipe: CopyRecipe, places: Places) -> PictureCache:
    """At most 500 decoded pictures in the recipe's folders that must not train.

    Raises:
        DataError: There are fewer than two.
    """
    listing = list_pictures(places.data, recipe.sources)
    numbers = [number for number, path in enumerate(listing.paths) if path in places.barred]
    if len(numbers) < 2:
        raise DataError("no picture is held out to evaluate on: train with --hold-out")
    kept = sorted(np.random.default_rng(0).permutation(numbers)[:_HELD_OUT].tolist())
    return open_cache(places.data, listing.part(kept), side=recipe.cached_side, caches=places.caches)


def load_model(run: Path, recipe: CopyRecipe) -> CopyDescriptor:
    """Load the model of a run's last checkpoint in evaluation mode; if the run has a slow copy, load the slow copy.

    Raises:
        NotTrainedError: The folder holds no checkpoint.
    """
    model = CopyDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks)
    saved = read_checkpoint(run)
    weights = saved["model"]
    if recipe.objective.momentum is not None:
        mark = "slow.copy."
        weights = {name.removeprefix(mark): w for name, w in saved["loss"].items() if name.startswith(mark)}
    model.load_state_dict(weights)
    return model.eval()


def start_model(recipe: CopyRecipe, cache: PictureCache, *, runs: Path) -> CopyDescriptor:
    """The model before the first step: the weights that the recipe names, with a whitened linear layer.

    Args:
        recipe: The recipe.
        cache: The training pictures.
        runs: Folder of all runs; the run of ``recipe.start`` lies in this folder.
    """
    torch.manual_seed(recipe.seed)
    model = CopyDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks)
    if recipe.pretrained:
        load_lite0_weights(model.backbone, lite0_state_dict())
    if recipe.start is not None:
        model.load_state_dict(read_checkpoint(runs / recipe.start)["model"])
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
    if recipe.whiten_pictures:
        rng = np.random.default_rng(recipe.seed)
        count = min(recipe.whiten_pictures, len(cache))
        share = np.array([source.share for source in cache.sources])[cache.source]
        pick = rng.choice(len(cache), count, replace=False, p=share / share.sum())
        parts = [_pooled(model, cache, pick[at : at + 32], recipe.side) for at in range(0, count, 32)]
        model.whiten(torch.cat(parts), shrink=recipe.whiten_shrink)
    return model


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
