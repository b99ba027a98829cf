"""Training of the object descriptor: what a recipe says, and where data, model, loss and loop meet."""

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

_FEWEST = 2
_AXES_OF = 400
_WEIGHTS = "descriptor.pt"
_START = "start."


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of thing: its sets of classes, and the number of directions that the whitening keeps for this kind.

    Attributes:
        folder: The sets whose folder begins so.
        directions: Directions that the whitening keeps for it.
    """

    folder: str
    directions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRecipe:
    """An object descriptor and how it is trained.

    Attributes:
        groups: Sets of classes that train.
        cached_side: Longest side of the cached pictures, pixels.
        area: Square pixels to which a picture is brought, in training and in use.
        edited_views: Views made of each picture beside the plain one, mild ones and as many strong ones.
        cropped: Share of a batch's parts that show only a piece of the maps, three quarters as wide and high.
        kinds: Kinds of things; every group belongs to the first one that fits.
        pretrained: Start from the published ImageNet weights.
        frozen_blocks: The stem and so many blocks do not learn.
        frozen_filters: Nor do the depthwise filters of the others: a sixth of the time.
        whiten_shrink: Share of the mean variance within classes added to every direction of the whitening.
        scale: Of the loss.
        margin: Of the loss.
        centre_rate: Learning rate of the loss's centres.
        momentum: Share of its weights that the slow copy keeps each step.
        trained_share: The final backbone averages the slow copy, with this share, and the start. The linear layer
            is then whitened again.
        descent: The optimiser.
        held_out: Classes that do not train, by folder and name; evaluation asks for them.
        measured_share: Share of each group's classes that is held out as well, at least two, drawn by the digests of
            their names; 0 for none.
        seed: Of everything.
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
        """Numbers a descriptor."""
        return sum(kind.directions for kind in self.kinds)

    @property
    def release(self) -> ObjectRelease:
        """What publishing needs to know."""
        return ObjectRelease(area=self.area, dim=self.dim, seed=self.seed)

    def measured(self, pictures: ClassPictures) -> frozenset[tuple[str, str]]:
        """Folder and name of the classes that do not train.

        Args:
            pictures: Of all classes.

        Raises:
            DataError: A group has too few classes to hold two out and to train two.
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
        """Train, or resume; average the slow copy and the start. At the end, whiten the result and store it.

        A finished training does not start again.

        Args:
            places: Folders.
            fabric: Launched; one process.
            stop_after: Stop at this step as if interrupted.

        Raises:
            ConflictError: Several processes train; batches are not shared out.
            DataError: A group has too few classes.
            SettingError: A group is of no kind.
            StorageError: What came of it cannot be written.
        """
        if fabric.world_size > 1:
            raise ConflictError("the object descriptor trains in one process")
        kind_of_group = _kinds(self)
        pictures = open_object_pictures(self, places)
        self.measured(pictures)  # too few classes are refused before anything is written
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
            if self.descent.steps:  # without a step the start is whitened already
                _whiten(model, self, maps, batches, kind)
            write_state(places.out / _WEIGHTS, model.state_dict())
        return model

    def evaluate(self, places: Places) -> Evaluation:
        """How well pictures of held-out classes find each other, each set of classes apart.

        Raises:
            NotTrainedError: The training did not end.
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
        """Write the model as ONNX, in fp32 and int8, with the card of the latter; gives the int8 file.

        Raises:
            NotTrainedError: The training did not end.
            CorruptError: The ONNX file does not give what PyTorch gives.
        """
        pictures = open_object_pictures(self, places)
        trained = np.flatnonzero(pictures.without(self.measured(pictures)))
        model, figures = load_embedder(places.out, self), known_figures(places.out)
        publish_objects(model, self.release, pictures.cache, target, trained=trained, figures=figures)
        return target / f"{FILE}.int8.onnx"


class ObjectObjective(nn.Module):
    """The loss with its centres, the slow copy of the model, and the model as it started.

    Args:
        loss: With the centres where they start.
        slow: Follows the model.
        start: Stays as it is.
    """

    def __init__(self, loss: GroupedCosface, slow: SlowCopy, start: ObjectDescriptor) -> None:
        super().__init__()
        self.loss, self.slow, self.start = loss, slow, start.requires_grad_(requires_grad=False)

    def forward(self, describe: Callable[[Tensor], Tensor], batch: ObjectBatch) -> Float[Tensor, ""]:
        """The loss of a batch whose maps ``describe`` makes descriptors of."""
        return cast("Tensor", self.loss(torch.cat([describe(part) for part in batch.maps]), batch.label))


def open_object_pictures(recipe: ObjectRecipe, places: Places) -> ClassPictures:
    """The decoded pictures of a recipe, with their classes."""
    return open_classes(places.data, recipe.groups, side=recipe.cached_side, caches=places.caches, barred=places.barred)


def open_object_maps(
    recipe: ObjectRecipe, model: ObjectDescriptor, pictures: ClassPictures, *, caches: Path
) -> ViewMaps:
    """The maps of a recipe's pictures, made by the model before the first step."""
    plan = ViewPlan(
        edits=(object_view(), strong_object_view()), views=recipe.edited_views, area=recipe.area, seed=recipe.seed
    )
    return open_view_maps(model, pictures.cache, plan, caches=caches)


def object_batches(recipe: ObjectRecipe, pictures: ClassPictures, maps: ViewMaps) -> ObjectBatches:
    """The batches of a recipe, of the classes that train."""
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
    """What a run gave at its end, to be used, not trained.

    Raises:
        NotTrainedError: The training did not end.
        CorruptError: The file cannot be read.
    """
    path = run / _WEIGHTS
    if not path.exists():
        raise NotTrainedError(f"{run} holds no {_WEIGHTS}: train it to the end first")
    return _filled(recipe, read_state(path))


def load_start(run: Path, recipe: ObjectRecipe) -> ObjectDescriptor:
    """What a run began with, the whitening included.

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
    """From the start ``trained_share`` of the way to the slow copy."""
    start, slow = objective.start.state_dict(), objective.slow.copy.state_dict()
    share = recipe.trained_share
    averaged = {k: a.lerp(slow[k], share) if a.is_floating_point() else a for k, a in start.items()}
    return _filled(recipe, averaged)


@torch.no_grad()
def _objective(
    recipe: ObjectRecipe, model: ObjectDescriptor, maps: ViewMaps, batches: ObjectBatches, kind: Int64[Tensor, " c"]
) -> ObjectObjective:
    """Set the axes, whiten the linear layer and begin the centres at the means of the whitened classes."""
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
    """Whiten the linear layer, ``kind`` being that of each class; gives pooled features and classes that train."""
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
            raise SettingError(f"kinds: {folder} is of none of them")
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
