"""Publish a run of a classifier with class maps: write ONNX, check it against PyTorch, and write the card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from torch import nn

from lynkeus.data.labelled import LabelledPictures
from lynkeus.data.sources import Listing, Source
from lynkeus.data.views import squash
from lynkeus.models.classifiers.cam import CamClassifier
from lynkeus.models.classifiers.temporal import ClipClassifier
from lynkeus.models.export import checked_error, export_onnx, run_onnx, run_torch
from lynkeus.recipes.model_card import write_card

OUTPUT = "seen"
_BACKBONE = "EfficientNet-Lite0"
_CHECK = 32  # pictures or frames that check the file against PyTorch


def publish_classifier(
    model: CamClassifier,
    pictures: LabelledPictures,
    out: Path,
    *,
    name: str,
    side: int,
    seed: int,
    figures: Mapping[str, float],
) -> Path:
    """Write NAME.onnx and NAME.json; gives the ONNX file.

    Args:
        model: The model.
        pictures: The training pictures, and the test pictures that check the file.
        out: Folder to write to; a missing folder is made.
        name: Name of the model and of its recipe.
        side: Side of the squares, pixels.
        seed: Seed of the run, part of the model's version.
        figures: Measured figures, for the card.

    Raises:
        CorruptError: An output of the file differs from PyTorch by more than 1e-4.
    """
    check = np.stack([squash(pictures.cache[int(n)], side) for n in pictures.of("test")[:_CHECK]])
    file, exact, export = _exported(model, check, out / f"{name}.onnx", together=8)
    across = round((exact.shape[2] - 1) ** 0.5)
    write_card(
        out / f"{name}.json",
        file,
        pictures.cache,
        trained=pictures.of("train"),
        name=name,
        version=f"{name}-seed-{seed}",
        backbone=_BACKBONE,
        input=f"pixels: uint8 [n, {side}, {side}, 3], RGB, the picture squashed to a square by area averaging; "
        "normalised inside",
        output=f"{OUTPUT}: float32 [n, {len(pictures.names)}, {1 + across**2}]; of each class the logit, then its map "
        f"of {across} x {across} cells row by row",
        classes=list(pictures.names),
        figures={**figures, **export},
        recipe=f"lynkeus.recipes.hiding.{name}",
    )
    return file


def publish_clip_classifier(
    model: ClipClassifier,
    frames: UInt8[np.ndarray, "t s s 3"],
    out: Path,
    *,
    name: str,
    source: Source,
    clips: int,
    seed: int,
    figures: Mapping[str, float],
) -> Path:
    """Write NAME.onnx, including the backbone, and NAME.json; gives the ONNX file.

    Args:
        model: The model.
        frames: Frames of a clip that check the file.
        out: Folder to write to; a missing folder is made.
        name: Name of the model and of its recipe.
        source: Folder of the training clips.
        clips: Number of training clips.
        seed: Seed of the run, part of the model's version.
        figures: Measured figures, for the card.

    Raises:
        CorruptError: An output of the file differs from PyTorch by more than 1e-4.
    """
    side = frames.shape[1]
    file, exact, export = _exported(model, frames[:_CHECK], out / f"{name}.onnx", together=_CHECK)
    write_card(
        out / f"{name}.json",
        file,
        Listing(paths=(), source=(0,) * clips, sources=(source,)),
        name=name,
        version=f"{name}-seed-{seed}",
        backbone=_BACKBONE,
        input=f"pixels: uint8 [t, {side}, {side}, 3], RGB, the frames of one clip, squashed by area averaging",
        output=f"{OUTPUT}: float32 [t, {exact.shape[1]}]; the class maps over time, whose mean is the clip's logits",
        figures={**figures, **export},
        recipe=f"lynkeus.recipes.hiding.{name}",
    )
    return file


def _exported(
    model: nn.Module, check: UInt8[np.ndarray, "n s s 3"], file: Path, *, together: int
) -> tuple[Path, np.ndarray, dict[str, Any]]:
    """The ONNX file, PyTorch's outputs for the check, and the entry of the card about their difference."""
    file.parent.mkdir(parents=True, exist_ok=True)
    export_onnx(model, file, side=check.shape[1], output=OUTPUT)
    exact, exported = run_torch(model, check), run_onnx(file, check, at_a_time=together)
    error = checked_error(exact, exported)
    return file, exact, {"export": {"onnx_error": round(error, 8)}}
