"""Training of classifiers with hidden parts: the fields of a recipe, and the use of data, model and training loop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.augment import Transform
from lynkeus.data.hiding_batches import HidingBatch, HidingBatches, MapHiding
from lynkeus.data.labelled import LabelledPictures, LabelTable, open_labelled
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import forward_method, set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.models.backbones.efficientnet_lite import lite0_state_dict, load_lite0_weights
from lynkeus.models.classifiers.cam import CamClassifier, Pooling
from lynkeus.recipes.config import Descent
from lynkeus.recipes.hiding.evaluation import evaluate_classifier
from lynkeus.recipes.hiding.publish import publish_classifier
from lynkeus.recipes.model_card import known_figures
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class HidingRecipe:
    """A classifier with class maps, and its training with hidden parts.

    Attributes:
        name: Name of the exported model.
        labels: The pictures and their labels.
        cached_side: Longest side of the cached pictures, pixels.
        side: Side of the squashed pictures, pixels; a multiple of 32, or of 16 where ``fine``.
        batch: Pictures per batch.
        pooling: Pooling of the feature maps: ``mean`` or ``max``.
        fine: Class maps at stride 16 instead of 32.
        frozen_blocks: The stem and this number of blocks do not learn; -1 lets everything learn.
        pretrained: Start from the published ImageNet weights.
        augment: Transform that hides parts of the pictures.
        maps: Transform that hides parts of the maps of the first layer.
        descent: The optimiser.
        seed: Seed of all randomness.
    """

    name: str
    labels: LabelTable
    cached_side: int
    side: int
    batch: int
    pooling: Pooling
    fine: bool
    frozen_blocks: int
    pretrained: bool
    augment: Transform
    maps: MapHiding
    descent: Descent
    seed: int

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> CamClassifier:
        """Train or resume training; gives the model.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric; several processes each compute the whole batch and get equal weights.
            stop_after: Stop at this step as if interrupted.

        Raises:
            DivergedError: The loss is no longer a number.
            DataError: A class has too few pictures, or the labels cannot be used.
        """
        pictures = self.pictures(places)
        run = open_run(places.out, self, extra={"pictures_sha256": pictures.cache.digest})
        model = start_classifier(self, classes=len(pictures.names))
        wrapped, optimiser = set_up(fabric, model, _optimiser(model, self.descent))
        logits = forward_method(fabric, wrapped, "logits")
        batches = HidingBatches(
            pictures, side=self.side, batch=self.batch, hide=self.augment, maps=self.maps, seed=self.seed
        )

        def from_step(start: int, stop: int) -> Iterable[HidingBatch]:
            return (batches[step] for step in range(start, stop))

        def terms(batch: HidingBatch) -> Mapping[str, Tensor]:
            logit = cast("Tensor", logits(batch.pixels, batch.hidden))
            loss = functional.cross_entropy(logit, batch.label)
            return {"loss": loss, "top-1": (logit.argmax(dim=1) == batch.label).float().mean()}

        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=nn.Identity()),
            run=run,
            batches=from_step,
            terms=terms,
            options=self.descent.options(stop_after=stop_after),
        )
        return model

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate the last checkpoint on the test pictures.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        pictures = self.pictures(places)
        return evaluate_classifier(self.load(places, pictures), pictures, side=self.side, stickers=places.data)

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX with its card, and check the file against PyTorch to 1e-4. Gives the ONNX file.

        Args:
            places: Folders of the run.
            target: Folder to write to; a missing folder is made.

        Raises:
            CorruptError: The outputs of ONNX and PyTorch differ.
            NotTrainedError: The folder holds no checkpoint.
        """
        pictures = self.pictures(places)
        return publish_classifier(
            self.load(places, pictures),
            pictures,
            target,
            name=self.name,
            side=self.side,
            seed=self.seed,
            figures=known_figures(places.out),
        )

    def pictures(self, places: Places) -> LabelledPictures:
        """The decoded pictures."""
        return open_labelled(
            places.data, self.labels, side=self.cached_side, caches=places.caches, barred=places.barred
        )

    def load(self, places: Places, pictures: LabelledPictures) -> CamClassifier:
        """The model of the last checkpoint, in evaluation mode.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        model = _classifier(self, classes=len(pictures.names))
        model.load_state_dict(read_checkpoint(places.out)["model"])
        return model.eval()


def start_classifier(recipe: HidingRecipe, *, classes: int) -> CamClassifier:
    """The model before the first step."""
    torch.manual_seed(recipe.seed)
    model = _classifier(recipe, classes=classes)
    if recipe.pretrained:
        load_lite0_weights(model.backbone, lite0_state_dict())
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
    return model


def _classifier(recipe: HidingRecipe, *, classes: int) -> CamClassifier:
    return CamClassifier(classes=classes, pooling=recipe.pooling, fine=recipe.fine, frozen_blocks=recipe.frozen_blocks)


def _optimiser(model: CamClassifier, descent: Descent) -> torch.optim.Optimizer:
    backbone = [weight for weight in model.backbone.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": backbone, "lr": descent.backbone_rate},
            {"params": list(model.classify.parameters()), "lr": descent.head_rate},
        ],
        weight_decay=descent.weight_decay,
    )
