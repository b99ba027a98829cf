"""Training of the overlay detector: the fields of a recipe, and the use of data, model, losses and training loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from lynkeus.core import ConflictError
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.scene_batches import PictureDraw, SceneBatch, SceneBatches, ScenePlan
from lynkeus.data.scene_edits import harmless_edits, own_edits, whole_edits
from lynkeus.data.scenes import SceneMaker
from lynkeus.data.sources import Source, list_pictures
from lynkeus.data.stickers import read_stickers
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import forward_method, set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.losses.centre_focal import CentreFocalLoss
from lynkeus.losses.giou import GiouLoss
from lynkeus.models.backbones.efficientnet_lite import lite0_state_dict
from lynkeus.models.detectors.overlay import STRIDE, OverlayDetector, OverlayMaps
from lynkeus.recipes.config import Descent
from lynkeus.recipes.model_card import known_figures
from lynkeus.recipes.overlays.evaluation import evaluate_overlays
from lynkeus.recipes.overlays.publish import FILE, OverlayRelease, publish_overlays
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlayRecipe:
    """An overlay detector and its training.

    Attributes:
        sources: Folders of training pictures.
        cached_side: Longest side of the cached pictures, pixels.
        held_out: One picture in ``held_out`` does not train, chosen by its name.
        scene_side: Longest side of the scenes, pixels.
        sides: Pairs of a step and the side of the squashed scenes from that step on, pixels.
        scenes: Scenes per batch.
        width: Channels of the detector's pyramid.
        pretrained: Start from the published ImageNet weights.
        frozen_blocks: The stem and this number of blocks do not learn; -1 lets everything learn.
        box_weight: Weight of the box term, relative to the heat term.
        descent: The optimiser.
        seed: Seed of all randomness.
    """

    sources: tuple[Source, ...]
    cached_side: int
    held_out: int
    scene_side: int
    sides: tuple[tuple[int, int], ...]
    scenes: int
    width: int
    pretrained: bool
    frozen_blocks: int
    box_weight: float
    descent: Descent
    seed: int

    def train(
        self, places: Places, fabric: Fabric, *, workers: int = 0, stop_after: int | None = None
    ) -> OverlayDetector:
        """Train or resume training; gives the model.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric with one process.
            workers: Processes that make batches.
            stop_after: Stop at this step as if interrupted.

        Raises:
            ConflictError: Several processes train, but scenes cannot be split between processes.
        """
        if fabric.world_size > 1:
            raise ConflictError("the overlay finder trains in one process")
        cache = open_overlay_cache(self, places)
        run = open_run(places.out, self, extra={"pictures_sha256": cache.digest})
        model, loss = start_detector(self), OverlayObjective(box_weight=self.box_weight)
        wrapped, optimiser = set_up(fabric, model, _optimiser(model, self.descent))
        look = forward_method(fabric, wrapped, "maps")
        plan = ScenePlan(scenes=self.scenes, sides=self.sides, stride=STRIDE, seed=self.seed)
        batches = SceneBatches(scene_maker(self, cache, places), plan)

        def from_step(start: int, stop: int) -> DataLoader[SceneBatch]:
            return DataLoader(batches, batch_size=None, sampler=range(start, stop), num_workers=workers)

        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=loss),
            run=run,
            batches=from_step,
            terms=lambda batch: loss(look, batch),
            options=self.descent.options(stop_after=stop_after),
        )
        return model

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate how well the detector boxes pasted pictures in scenes of held-out pictures.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        make = scene_maker(self, open_overlay_cache(self, places), places, held_out=True)
        return evaluate_overlays(load_detector(places.out, self), make, side=self.sides[-1][1], seed=self.seed)

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX in fp32 and int8, with the card of the int8 file. Gives the int8 file.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
            CorruptError: The outputs of ONNX and PyTorch differ.
        """
        cache = open_overlay_cache(self, places)
        make, draw = scene_maker(self, cache, places), PictureDraw(cache, one_in=self.held_out)
        plan = OverlayRelease(side=self.sides[-1][1], seed=self.seed)
        publish_overlays(load_detector(places.out, self), plan, make, draw, target, figures=known_figures(places.out))
        return target / f"{FILE}.int8.onnx"


class OverlayObjective(nn.Module):
    """Focal loss of the heat map, and generalised IoU of the boxes that the cells predict.

    Args:
        box_weight: Weight of the box term.
    """

    def __init__(self, *, box_weight: float) -> None:
        super().__init__()
        self.centres, self.sides, self.box_weight = CentreFocalLoss(), GiouLoss(), box_weight

    def forward(self, look: Callable[[Tensor], OverlayMaps], batch: SceneBatch) -> Mapping[str, Tensor]:
        """The loss terms of a batch, from the maps of an ``OverlayDetector``; training minimises ``loss``."""
        maps = look(batch.pixels)
        heat = self.centres(maps.logit, batch.heat)
        boxes = self.sides(maps.boxes, batch.boxes, batch.weight)
        return {"loss": heat + self.box_weight * boxes, "heat": heat.detach(), "boxes": boxes.detach()}


def load_detector(run: Path, recipe: OverlayRecipe) -> OverlayDetector:
    """The model of a run's last checkpoint, in evaluation mode.

    Raises:
        NotTrainedError: The folder holds no checkpoint.
    """
    model = OverlayDetector(width=recipe.width, frozen_blocks=recipe.frozen_blocks)
    model.load_state_dict(read_checkpoint(run)["model"])
    return model.eval()


def open_overlay_cache(recipe: OverlayRecipe, places: Places) -> PictureCache:
    """The decoded pictures of a recipe."""
    listing = list_pictures(places.data, recipe.sources, barred=places.barred)
    return open_cache(places.data, listing, side=recipe.cached_side, caches=places.caches)


def scene_maker(recipe: OverlayRecipe, cache: PictureCache, places: Places, *, held_out: bool = False) -> SceneMaker:
    """Scenes of the training pictures, or of the held-out pictures."""
    draw = PictureDraw(cache, one_in=recipe.held_out, held_out=held_out)
    stickers = read_stickers(places.data)
    return SceneMaker(
        draw=draw,
        own=own_edits(),
        whole=whole_edits(stickers=stickers),
        harmless=harmless_edits(pictures=draw, stickers=stickers),
        side=recipe.scene_side,
    )


def start_detector(recipe: OverlayRecipe) -> OverlayDetector:
    """The model before the first step."""
    torch.manual_seed(recipe.seed)
    model = OverlayDetector(width=recipe.width, frozen_blocks=recipe.frozen_blocks)
    if recipe.pretrained:
        model.load_backbone(lite0_state_dict())
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
    return model


def _optimiser(model: OverlayDetector, descent: Descent) -> torch.optim.Optimizer:
    backbone = [weight for part in (model.stem, model.blocks) for weight in part.parameters() if weight.requires_grad]
    known = {id(weight) for part in (model.stem, model.blocks) for weight in part.parameters()}
    head = [weight for weight in model.parameters() if id(weight) not in known]
    return torch.optim.AdamW(
        [{"params": backbone, "lr": descent.backbone_rate}, {"params": head, "lr": descent.head_rate}],
        weight_decay=descent.weight_decay,
    )
