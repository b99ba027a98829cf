"""Publish a run of the overlay detector: write ONNX in fp32 and int8, check the files, and write the model card."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from lynkeus.data.scene_batches import PictureDraw, squashed
from lynkeus.data.scenes import SceneMaker
from lynkeus.kinds.copies.overlays import MODEL, overlap
from lynkeus.models.detectors.overlay import OverlayDetector
from lynkeus.models.export import checked_error, export_onnx, quantise, run_onnx, run_torch
from lynkeus.recipes.model_card import write_card

FILE = "overlay_finder"
VERSION = "overlay-finder-1"
_CALIBRATION, _CHECK = 160, 64  # scenes that calibrate int8, and scenes that check the files
_SURE = 0.5  # confidence from which fp32 is sure of a box


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlayRelease:
    """Settings of a publication.

    Attributes:
        side: Side of the squashed pictures at inference, pixels.
        seed: Seed of the scenes that compare fp32 and int8.
    """

    side: int
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Agreement of the exported files with the model, over scenes of training pictures.

    Attributes:
        onnx_error: Largest difference of an output between PyTorch and ONNX fp32.
        int8_iou: Mean IoU of the most certain boxes of fp32 and int8, over scenes in which fp32 is sure of a box.
        int8_confidence: Mean difference of the confidences of these boxes.
    """

    onnx_error: float
    int8_iou: float
    int8_confidence: float


def publish_overlays(
    model: OverlayDetector,
    release: OverlayRelease,
    make: SceneMaker,
    draw: PictureDraw,
    out: Path,
    *,
    figures: Mapping[str, Any] | None = None,
) -> Agreement:
    """Write overlay_finder.onnx, overlay_finder.int8.onnx and overlay_finder.json (the card of the int8 file).

    The version in the card ends with the first digits of the int8 file's digest, so that no two runs share a version.

    Args:
        model: The model.
        release: Settings of the publication.
        make: Makes scenes like the training scenes.
        draw: The training pictures.
        out: Folder to write to.
        figures: Measured figures, for the card.

    Raises:
        CorruptError: The outputs of ONNX and PyTorch differ.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, small = out / f"{FILE}.onnx", out / f"{FILE}.int8.onnx"
    side = release.side
    rngs = (np.random.default_rng((release.seed, 2**31, number)) for number in range(_CALIBRATION + _CHECK))
    pictures = np.stack([squashed(make(rng).image, side) for rng in rngs])
    check = pictures[_CALIBRATION:]
    export_onnx(model, plain, side=side, output="boxes")
    exact, exported = run_torch(model, check[:8]), run_onnx(plain, check[:8])
    error = checked_error(exact[..., :4], exported[..., :4])
    quantise(plain, small, pictures=pictures[:_CALIBRATION])
    agreement = _compared(run_onnx(plain, check), run_onnx(small, check), error)
    about = {**(figures or {}), "export": {name: round(value, 7) for name, value in asdict(agreement).items()}}
    write_card(
        out / f"{FILE}.json",
        small,
        draw.cache,
        trained=draw.numbers,
        name=MODEL,
        version=f"{VERSION}+{hashlib.sha256(small.read_bytes()).hexdigest()[:8]}",
        backbone="EfficientNet-Lite0",
        input=f"pixels: uint8 [n, {side}, {side}, 3], RGB, the picture squashed to a square; normalised inside",
        output=f"boxes: float32 [n, {(side // 8) ** 2}, 5], x0, y0, x1, y1 in shares of the picture, confidence",
        figures=about,
        recipe="overlay_finder, then `lynkeus export`",
    )
    return agreement


def _compared(
    exact: Float32[np.ndarray, "n cells 5"], small: Float32[np.ndarray, "n cells 5"], error: float
) -> Agreement:
    sure = exact[..., 4].max(axis=1) >= _SURE
    pairs = [(a[a[:, 4].argmax()], b[b[:, 4].argmax()]) for a, b in zip(exact[sure], small[sure], strict=True)]
    iou = [float(overlap(a[:4], b[None, :4])[0]) for a, b in pairs]
    moved = [abs(float(a[4] - b[4])) for a, b in pairs]
    return Agreement(
        onnx_error=error,
        int8_iou=float(np.mean(iou)) if iou else 0.0,
        int8_confidence=float(np.mean(moved)) if moved else 0.0,
    )
