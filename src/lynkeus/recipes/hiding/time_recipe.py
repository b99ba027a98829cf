"""Training of classifiers of videos with hidden frames: the fields of a recipe, and the use of data, model and loop."""

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

_TOGETHER = 32  # frames in one pass; limits memory


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeRecipe:
    """A classifier of made videos with class maps over time, and its training with hidden frames.

    Attributes:
        name: Name of the exported model.
        clips: Folder of the clips, with ``videos.json``.
        rate: Frames per second.
        side: Side of the squashed frames, pixels; a multiple of 32.
        pretrained: The frozen backbone has the published ImageNet weights.
        plan: How videos are made from the clips.
        choosing: Number of videos of the training halves that choose the threshold.
        tested: Number of test videos, from the other halves.
        batch: Videos per batch.
        width: Channels of the network after the frozen backbone.
        augment: Transform that hides frames.
        descent: The optimiser; the backbone does not learn.
        seed: Seed of all randomness.
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
        """Train or resume training; gives the model.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric; several processes each compute the whole batch and get equal weights.
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
        """Evaluate the last checkpoint on videos made from the halves of the clips that did not train.

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
        """Write frozen backbone and classifier as one ONNX file with its card; check the file against PyTorch to 1e-4.

        Args:
            places: Folders of the run.
            target: Folder to write to; a missing folder is made.

        Raises:
            CorruptError: The outputs of ONNX and PyTorch differ.
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
        """The trained network after the backbone, from the last checkpoint.

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
        files: Files of the readable clips, in an order drawn once.
        features: Features of each clip.
    """

    files: tuple[str, ...]
    features: dict[int, Float32[np.ndarray, "_ 1280"]]

    @property
    def lengths(self) -> list[int]:
        """Number of frames of each clip."""
        return [len(self.features[number]) for number in range(len(self.files))]

    @property
    def digest(self) -> str:
        """SHA-256 of the names and lengths of the files."""
        return hashlib.sha256(json.dumps([self.files, self.lengths]).encode()).hexdigest()


class TimeBatch(NamedTuple):
    """Some made videos.

    Attributes:
        frames: Features of the frames of each video.
        hidden: Whether each frame is hidden.
        label: Classes of each video.
    """

    frames: Tensor
    hidden: Tensor
    label: Tensor


class TimeBatches:
    """Batch number ``step`` at index ``step``; each video occurs once, with its own mask.

    Args:
        recipe: The recipe.
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
    """The features of all clips; missing features are computed first. An unreadable clip is named and left out."""
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
    """Seed of the choosing videos; these videos differ from the training videos but use the same halves."""
    return seed + 2**20
