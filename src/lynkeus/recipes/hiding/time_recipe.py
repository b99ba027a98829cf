"""Training of a classifier of videos with hidden frames: what a recipe says, and where data, model and loop meet."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from jaxtyping import Float32
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from lynkeus.core import UnreadableError
from lynkeus.data.clips import list_contents, read_frames
from lynkeus.data.sources import Source
from lynkeus.data.splices import SplicePlan, Splices, TimeHiding, gathered
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import fit
from lynkeus.engine.run import open_run
from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite0, lite0_state_dict, load_lite0_weights
from lynkeus.models.classifiers.temporal import ClipClassifier, TemporalClassifier, frame_features
from lynkeus.recipes.config import Descent
from lynkeus.recipes.hiding.publish import publish_clip_classifier
from lynkeus.recipes.hiding.time_evaluation import evaluate_in_time
from lynkeus.recipes.model_card import known_figures
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Evaluation

_TOGETHER = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeRecipe:
    """A classifier of made videos with class maps over time, and how frames are hidden from it.

    Attributes:
        name: Of the model that is exported.
        clips: Folder of the clips, with ``videos.json``.
        rate: Frames a second.
        side: Side of the squashed frames, pixels; a multiple of 32.
        pretrained: The frozen backbone has the published ImageNet weights.
        plan: How videos are made of the clips.
        choosing: Videos of the training halves that choose the threshold.
        tested: Videos of the other halves that are measured on.
        batch: Videos a batch.
        width: Channels of the network behind the frozen features.
        augment: How frames are hidden.
        descent: The optimiser; the backbone does not learn.
        seed: Of everything.
    """

    name: str
    clips: Source
    rate: float
    side: int
    pretrained: bool
    plan: SplicePlan
    choosing: int
    tested: int
    batch: int
    width: int
    augment: TimeHiding
    descent: Descent
    seed: int

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> ClipClassifier:
        """Train, or go on training, and give the model.

        Args:
            places: Folders.
            fabric: Launched; several processes each do the whole batch and come to the same weights.
            stop_after: Stop at this step as if interrupted.

        Raises:
            DivergedError: The loss is no longer a number.
            DataError: There are too few clips.
        """
        clips = open_clips(self, places)
        run = open_run(places.out, self, extra={"clips_sha256": clips.digest})
        model = _start(self, clips)
        batches = TimeBatches(self, clips)
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=self.descent.head_rate, weight_decay=self.descent.weight_decay
        )
        wrapped, optimiser = set_up(fabric, model, optimiser)

        def from_step(start: int, stop: int) -> Iterable[TimeBatch]:
            return (batches[step] for step in range(start, stop))

        def terms(batch: TimeBatch) -> Mapping[str, Tensor]:
            logit = cast("Tensor", wrapped(batch.frames, batch.hidden).logit)
            return {"loss": functional.cross_entropy(logit, batch.label)}

        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=nn.Identity()),
            run=run,
            batches=from_step,
            terms=terms,
            options=self.descent.options(stop_after=stop_after),
        )
        return ClipClassifier(_backbone(self), model)

    def evaluate(self, places: Places) -> Evaluation:
        """What the last checkpoint is worth on videos of the halves of the clips that did not train.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        clips = open_clips(self, places)
        choosing = Splices(clips.lengths, self.plan, half="train", seed=_other_seed(self.seed))
        tested = Splices(clips.lengths, self.plan, half="test", seed=0)
        return evaluate_in_time(
            self.load(places, clips),
            clips.features,
            choosing=[choosing[number] for number in range(self.choosing)],
            tested=[tested[number] for number in range(self.tested)],
            rate=self.rate,
        )

    def export(self, places: Places, target: Path) -> Path:
        """Write frozen backbone and classifier as one ONNX file with its card, checked against PyTorch to 1e-4.

        Args:
            places: Folders.
            target: Folder, made where missing.

        Raises:
            CorruptError: The ONNX file does not give what PyTorch gives.
            NotTrainedError: The folder holds no checkpoint.
        """
        clips = open_clips(self, places)
        frames = read_frames(places.data / self.clips.folder / clips.files[0], rate=self.rate, side=self.side)
        return publish_clip_classifier(
            ClipClassifier(_backbone(self), self.load(places, clips)),
            frames,
            target,
            name=self.name,
            source=self.clips,
            clips=len(clips.files),
            seed=self.seed,
            figures=known_figures(places.out),
        )

    def load(self, places: Places, clips: "Clips") -> TemporalClassifier:
        """What the last checkpoint holds behind the backbone.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        model = _start(self, clips)
        model.load_state_dict(read_checkpoint(places.out)["model"])
        return model.eval()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Clips:
    """Features of the frames of all clips.

    Attributes:
        files: Of the clips that could be read, in an order drawn once.
        features: Of each clip.
    """

    files: tuple[str, ...]
    features: dict[int, Float32[np.ndarray, "_ 1280"]]

    @property
    def lengths(self) -> list[int]:
        """Frames of each clip."""
        return [len(self.features[number]) for number in range(len(self.files))]

    @property
    def digest(self) -> str:
        """SHA-256 of the files' names and lengths."""
        return hashlib.sha256(json.dumps([self.files, self.lengths]).encode()).hexdigest()


class TimeBatch(NamedTuple):
    """Some made videos.

    Attributes:
        frames: Features of their frames.
        hidden: Which frames are hidden.
        label: Their classes.
    """

    frames: Tensor
    hidden: Tensor
    label: Tensor


class TimeBatches:
    """Batch number ``step`` at index ``step``; each video comes once, with a mask of its own.

    Args:
        recipe: What to train.
        clips: The clips.
    """

    def __init__(self, recipe: TimeRecipe, clips: Clips) -> None:
        self.recipe, self.clips = recipe, clips
        self.splices = Splices(clips.lengths, recipe.plan, half="train", seed=recipe.seed)

    def __getitem__(self, step: int) -> TimeBatch:
        numbers = range(step * self.recipe.batch, (step + 1) * self.recipe.batch)
        videos = [self.splices[number] for number in numbers]
        rngs = [np.random.default_rng((self.recipe.seed, number, 2)) for number in numbers]
        hidden = [self.recipe.augment.mask(self.recipe.plan.length, rng) for rng in rngs]
        return TimeBatch(
            torch.from_numpy(np.stack([gathered(self.clips.features, video) for video in videos])),
            torch.from_numpy(np.stack(hidden)),
            torch.tensor([video.label for video in videos]),
        )


def open_clips(recipe: TimeRecipe, places: Places) -> Clips:
    """The features of all clips, made first where they are missing; an unreadable clip is named and left out."""
    folder = places.data / recipe.clips.folder
    contents = list_contents(folder)
    order = sorted(contents, key=lambda group: hashlib.sha256(group.encode()).digest())
    listed = [contents[group] for group in order if f"{recipe.clips.folder}/{contents[group]}" not in places.barred]
    key = hashlib.sha256(json.dumps([listed, recipe.rate, recipe.side, recipe.pretrained]).encode()).hexdigest()[:16]
    stored = places.caches / f"clips-{key}.npz"
    if not stored.exists():
        places.caches.mkdir(parents=True, exist_ok=True)
        made = _read_features(recipe, folder, listed)
        unfinished = stored.with_suffix(f".{os.getpid()}.npz")
        arrays: dict[str, Any] = {f"clip{number}": rows for number, rows in enumerate(made.values())}
        np.savez(unfinished, files=np.array(list(made)), **arrays)
        unfinished.replace(stored)
    with np.load(stored) as read:
        files = tuple(read["files"].tolist())
        return Clips(files=files, features={number: read[f"clip{number}"] for number in range(len(files))})


@torch.no_grad()
def _read_features(recipe: TimeRecipe, folder: Path, files: list[str]) -> dict[str, np.ndarray]:
    backbone = _backbone(recipe)
    made: dict[str, np.ndarray] = {}
    for file in tqdm(files, desc="clips", disable=None):
        try:
            frames = read_frames(folder / file, rate=recipe.rate, side=recipe.side)
        except UnreadableError as error:
            tqdm.write(f"left out {file}: {error}")
            continue
        parts = [frames[at : at + _TOGETHER] for at in range(0, len(frames), _TOGETHER)]
        made[file] = np.concatenate([frame_features(backbone, torch.from_numpy(part)).numpy() for part in parts])
    return made


def _backbone(recipe: TimeRecipe) -> EfficientNetLite0:
    torch.manual_seed(0)
    backbone = EfficientNetLite0()
    if recipe.pretrained:
        load_lite0_weights(backbone, lite0_state_dict())
    return backbone.eval().requires_grad_(requires_grad=False)


def _start(recipe: TimeRecipe, clips: Clips) -> TemporalClassifier:
    """The classifier before the first step, with the statistics of the training halves."""
    torch.manual_seed(recipe.seed)
    model = TemporalClassifier(dim=WIDTH, width=recipe.width, classes=recipe.plan.classes)
    halves = [rows[: max(1, len(rows) // 2)] for rows in clips.features.values()]
    known = torch.from_numpy(np.concatenate(halves))
    model.mean.copy_(known.mean(dim=0))
    model.deviation.copy_(known.std(dim=0) + 1e-3)
    return model


def _other_seed(seed: int) -> int:
    """Of the videos that choose: other videos than those that train, of the same halves."""
    return seed + 2**20
