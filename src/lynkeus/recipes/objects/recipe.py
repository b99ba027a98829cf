"""Training of the object descriptor: the fields of a recipe, and the use of data, model, loss and training loop."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int64
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.core import ConflictError, DataError, NotTrainedError, SettingError
from lynkeus.data.classes import ClassPictures, Group, open_classes
from lynkeus.data.object_views import object_view, strong_object_view
from lynkeus.data.splits import split_classes
from lynkeus.engine.checkpoint import Training, read_checkpoint, read_state, write_state
from lynkeus.engine.launch import forward_method, set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.losses.grouped_cosface import GroupedCosface
from lynkeus.losses.slow_copy import SlowCopy
from lynkeus.models.backbones.efficientnet_lite import lite1_state_dict, load_lite_weights
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.recipes.config import Descent
from lynkeus.recipes.model_card import known_figures
from lynkeus.recipes.objects.batches import ObjectBatch, ObjectBatches
from lynkeus.recipes.objects.evaluation import evaluate_objects
from lynkeus.recipes.objects.publish import FILE, ObjectRelease, publish_objects
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.view_maps import ViewMaps, ViewPlan, open_view_maps, pooled
from lynkeus.report.laboratory.evaluation import Evaluation

_FEWEST = 2  # a loss and an evaluation both need two classes to tell apart
_AXES_OF = 400  # most pictures from which the axes of the covariance pooling are computed
_WEIGHTS = "descriptor.pt"  # file of the final weights in a run's folder
_START = "start."  # prefix of the initial weights in a checkpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of thing: its sets of classes, and the number of directions that the whitening keeps for this kind.

    Attributes:
        folder: Start of the folder names of the kind's sets.
        directions: Number of directions that the whitening keeps.
    """

    folder: str
    directions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRecipe:
    """An object descriptor and its training.

    Attributes:
        groups: Sets of training classes.
        cached_side: Longest side of the cached pictures, pixels.
        area: Area of a resized picture in training and at inference, square pixels.
        edited_views: Number of mildly edited views per picture, and number of strongly edited views per picture, in
            addition to the unchanged picture.
        cropped: Share of a batch's parts that show only a piece of the maps, three quarters as wide and high.
        kinds: Kinds of things; a group belongs to the first kind that fits.
        pretrained: Start from the published ImageNet weights.
        frozen_blocks: The stem and this number of blocks do not learn.
        frozen_filters: The depthwise filters of the other blocks do not learn either, which takes a sixth of the time.
        whiten_shrink: Share of the mean variance within classes added to every direction of the whitening.
        scale: Scale of the loss.
        margin: Margin of the loss.
        centre_rate: Learning rate of the centres of the loss.
        momentum: Share of the slow copy's weights that it keeps at each step.
        trained_share: Share of the slow copy in the final backbone, which averages the slow copy and the start. The
            linear layer is then whitened again.
        descent: The optimiser.
        held_out: Held-out classes, by folder and name; they do not train and serve the evaluation.
        measured_share: Share of each group's classes that is held out as well, at least two classes, chosen by the
            digests of the names; 0 holds out none.
        seed: Seed of all randomness.
    """

    groups: tuple[Group, ...]
    cached_side: int
    area: int
    edited_views: int
    cropped: float
    kinds: tuple[Kind, ...]
    pretrained: bool
    frozen_blocks: int
    frozen_filters: bool
    whiten_shrink: float
    scale: float
    margin: float
    centre_rate: float
    momentum: float
    trained_share: float
    descent: Descent
    held_out: tuple[tuple[str, str], ...]
    measured_share: float
    seed: int

    @property
    def dim(self) -> int:
        """Length of a descriptor."""
        return sum(kind.directions for kind in self.kinds)

    @property
    def release(self) -> ObjectRelease:
        """Settings of the publication."""
        return ObjectRelease(area=self.area, dim=self.dim, seed=self.seed)

    def measured(self, pictures: ClassPictures) -> frozenset[tuple[str, str]]:
        """Folder and name of the held-out classes.

        Args:
            pictures: The pictures of all classes.

        Raises:
            DataError: A group has too few classes to hold out two and to train two.
        """
        apart = set(self.held_out)
        for group in self.groups if self.measured_share else ():
            names = [name for folder, name in pictures.names if folder == group.source.folder]
            count = max(_FEWEST, round(self.measured_share * len(names)))
            if len(names) - count < _FEWEST:
                raise DataError(
                    f"{group.where} has {len(names)} classes, too few to measure on {count} and to train {_FEWEST}; "
                    "--set measured_share=0 trains on all"
                )
            apart |= {(group.source.folder, name) for name in split_classes(names, (count, -1), seed=self.seed)[0]}
        return frozenset(apart)

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> ObjectDescriptor:
        """Train or resume training; at the end, average the slow copy and the start, whiten the result, and store it.

        A finished training does not start again.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric with one process.
            stop_after: Stop at this step as if interrupted.

        Raises:
            ConflictError: Several processes train, but batches cannot be split between processes.
            DataError: A group has too few classes.
            SettingError: A group belongs to no kind.
            StorageError: The result cannot be written.
        """
        if fabric.world_size > 1:
            raise ConflictError("the object descriptor trains in one process")
        kind_of_group = _kinds(self)
        pictures = open_object_pictures(self, places)
        self.measured(pictures)  # refuse too few classes before writing anything
        run = open_run(places.out, self, extra={"pictures_sha256": pictures.cache.digest})
        if (places.out / _WEIGHTS).exists():
            return load_embedder(places.out, self)
        model = start_embedder(self)
        maps = open_object_maps(self, model, pictures, caches=places.caches)
        batches = object_batches(self, pictures, maps)
        kind = torch.from_numpy(kind_of_group[batches.group])
        objective = _objective(self, model, maps, batches, kind)
        model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads lack it
        wrapped, optimiser = set_up(fabric, model, _optimiser(model, objective, self))
        describe = forward_method(fabric, wrapped, "describe")

        def from_step(start: int, stop: int) -> Iterable[ObjectBatch]:
            return (batches[step] for step in range(start, stop))

        def terms(batch: ObjectBatch) -> Mapping[str, Tensor]:
            objective.slow.follow(model)
            return {"loss": objective(describe, batch)}

        training = Training(model=wrapped, optimiser=optimiser, loss=objective)
        fit(
            fabric,
            training,
            run=run,
            batches=from_step,
            terms=terms,
            options=self.descent.options(stop_after=stop_after),
        )
        model = _average(objective, self)
        if training.step == self.descent.steps:
            if self.descent.steps:  # without a step, the start is already whitened
                _whiten(model, self, maps, batches, kind)
            write_state(places.out / _WEIGHTS, model.state_dict())
        return model

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate how well pictures of held-out classes find each other, separately for each set of classes.

        Raises:
            NotTrainedError: The training is not finished.
            DataError: No class is held out.
        """
        model = load_embedder(places.out, self)
        pictures = open_object_pictures(self, places)
        maps = open_object_maps(self, start_embedder(self), pictures, caches=places.caches)
        models = {"whitened": model}
        if self.descent.steps:
            models = {"before training": load_start(places.out, self), "after training": model}
        return evaluate_objects(models, pictures, maps, held_out=self.measured(pictures))

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX in fp32 and int8, with the card of the int8 file. Gives the int8 file.

        Raises:
            NotTrainedError: The training is not finished.
            CorruptError: The outputs of ONNX and PyTorch differ.
        """
        pictures = open_object_pictures(self, places)
        trained = np.flatnonzero(pictures.without(self.measured(pictures)))
        model, figures = load_embedder(places.out, self), known_figures(places.out)
        publish_objects(model, self.release, pictures.cache, target, trained=trained, figures=figures)
        return target / f"{FILE}.int8.onnx"


class ObjectObjective(nn.Module):
    """The loss with its centres, the slow copy of the model, and the model as it started.

    Args:
        loss: The loss with its initial centres.
        slow: The slow copy, which follows the model.
        start: The initial model; stays unchanged.
    """

    def __init__(self, loss: GroupedCosface, slow: SlowCopy, start: ObjectDescriptor) -> None:
        super().__init__()
        self.loss, self.slow, self.start = loss, slow, start.requires_grad_(requires_grad=False)

    def forward(self, describe: Callable[[Tensor], Tensor], batch: ObjectBatch) -> Float[Tensor, ""]:
        """The loss of a batch; ``describe`` makes descriptors from the maps."""
        return cast("Tensor", self.loss(torch.cat([describe(part) for part in batch.maps]), batch.label))


def open_object_pictures(recipe: ObjectRecipe, places: Places) -> ClassPictures:
    """The decoded pictures of a recipe, with their classes."""
    return open_classes(places.data, recipe.groups, side=recipe.cached_side, caches=places.caches, barred=places.barred)


def open_object_maps(
    recipe: ObjectRecipe, model: ObjectDescriptor, pictures: ClassPictures, *, caches: Path
) -> ViewMaps:
    """The maps of a recipe's pictures, computed by the model before the first step."""
    plan = ViewPlan(
        edits=(object_view(), strong_object_view()), views=recipe.edited_views, area=recipe.area, seed=recipe.seed
    )
    return open_view_maps(model, pictures.cache, plan, caches=caches)


def object_batches(recipe: ObjectRecipe, pictures: ClassPictures, maps: ViewMaps) -> ObjectBatches:
    """The batches of a recipe, from the training classes."""
    return ObjectBatches(
        pictures,
        maps,
        apart=recipe.measured(pictures),
        each=[group.batch for group in recipe.groups],
        cropped=recipe.cropped,
        seed=recipe.seed,
    )


def start_embedder(recipe: ObjectRecipe) -> ObjectDescriptor:
    """The model before it has seen a picture."""
    torch.manual_seed(recipe.seed)
    model = ObjectDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks)
    if recipe.pretrained:
        load_lite_weights(model.backbone, lite1_state_dict())
    if recipe.frozen_filters:
        for block in model.backbone.blocks:
            block.get_submodule("depthwise.conv").requires_grad_(requires_grad=False)
    return model.eval()


def load_embedder(run: Path, recipe: ObjectRecipe) -> ObjectDescriptor:
    """The final model of a run, in evaluation mode.

    Raises:
        NotTrainedError: The training is not finished.
        CorruptError: The file cannot be read.
    """
    path = run / _WEIGHTS
    if not path.exists():
        raise NotTrainedError(f"{run} holds no {_WEIGHTS}: train it to the end first")
    return _filled(recipe, read_state(path))


def load_start(run: Path, recipe: ObjectRecipe) -> ObjectDescriptor:
    """The initial model of a run, with its whitening.

    Raises:
        NotTrainedError: The folder holds no checkpoint.
    """
    objective = read_checkpoint(run)["loss"]
    return _filled(
        recipe, {name.removeprefix(_START): objective[name] for name in objective if name.startswith(_START)}
    )


def _filled(recipe: ObjectRecipe, weights: Mapping[str, Tensor]) -> ObjectDescriptor:
    model = ObjectDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks)
    model.load_state_dict(weights)
    return model.eval()


def _average(objective: "ObjectObjective", recipe: ObjectRecipe) -> ObjectDescriptor:
    """The weighted average of the start and the slow copy; the slow copy has the weight ``trained_share``."""
    start, slow = objective.start.state_dict(), objective.slow.copy.state_dict()
    share = recipe.trained_share
    averaged = {k: a.lerp(slow[k], share) if a.is_floating_point() else a for k, a in start.items()}
    return _filled(recipe, averaged)


@torch.no_grad()
def _objective(
    recipe: ObjectRecipe, model: ObjectDescriptor, maps: ViewMaps, batches: ObjectBatches, kind: Int64[Tensor, " c"]
) -> ObjectObjective:
    """Set the axes, whiten the linear layer, and initialise the centres with the means of the whitened classes."""
    some = np.random.default_rng(recipe.seed).permutation(batches.numbers)[:_AXES_OF]
    model.fit_axes(maps.stacked(part, np.zeros_like(part)) for part in maps.alike(some))
    plain, label = _whiten(model, recipe, maps, batches, kind)
    described = functional.normalize(model.project(plain))
    count = len(batches.classes)
    centres = torch.zeros(count, recipe.dim).index_add(0, label, described) / label.bincount(minlength=count)[:, None]
    loss = GroupedCosface(
        functional.normalize(centres), torch.from_numpy(batches.group), scale=recipe.scale, margin=recipe.margin
    )
    copy, start = (ObjectDescriptor(dim=recipe.dim, frozen_blocks=recipe.frozen_blocks) for _ in range(2))
    start.load_state_dict(model.state_dict())
    return ObjectObjective(loss, SlowCopy(model, copy, momentum=recipe.momentum), start.eval())


@torch.no_grad()
def _whiten(
    model: ObjectDescriptor, recipe: ObjectRecipe, maps: ViewMaps, batches: ObjectBatches, kind: Int64[Tensor, " c"]
) -> tuple[Float[Tensor, "m 12672"], Int64[Tensor, " m"]]:
    """Whiten the linear layer; ``kind`` is the kind of each class. Gives pooled features and training classes."""
    plain = torch.from_numpy(pooled(model, maps, batches.numbers))
    label = torch.from_numpy(batches.label[batches.numbers])
    kept = [one.directions for one in recipe.kinds]
    model.whiten(plain, label, kind[label], kept=kept, shrink=recipe.whiten_shrink)
    return plain, label


def _kinds(recipe: ObjectRecipe) -> Int64[np.ndarray, " g"]:
    """The kind of each group."""
    folders = [group.source.folder for group in recipe.groups]
    fitting = [[n for n, kind in enumerate(recipe.kinds) if folder.startswith(kind.folder)] for folder in folders]
    for folder, fits in zip(folders, fitting, strict=True):
        if not fits:
            raise SettingError(f"kinds: {folder} belongs to none of them")
    return np.array([fits[0] for fits in fitting], np.int64)


def _optimiser(model: ObjectDescriptor, objective: ObjectObjective, recipe: ObjectRecipe) -> torch.optim.Optimizer:
    descent, last = recipe.descent, set(model.project.parameters())
    learning = [weight for weight in model.parameters() if weight.requires_grad and weight not in last]
    return torch.optim.AdamW(
        [
            {"params": learning, "lr": descent.backbone_rate},
            {"params": list(model.project.parameters()), "lr": descent.head_rate},
            {"params": [objective.loss.centres], "lr": recipe.centre_rate},
        ],
        weight_decay=descent.weight_decay,
    )
