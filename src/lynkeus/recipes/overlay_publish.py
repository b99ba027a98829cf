"""From a run of the overlay detector to what ships: ONNX in fp32 and int8, checked, and the model card.

Run: ``python -m lynkeus.recipes.overlay_publish DATA LISTS RUN CACHES OUT [FIGURES.json]``; the figures that were
measured go into the card.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32

from lynkeus.core import CorruptError
from lynkeus.data.cache import PictureCache
from lynkeus.data.scene_batches import PictureDraw, squashed
from lynkeus.data.scenes import SceneMaker
from lynkeus.models.detectors.overlay import OverlayDetector
from lynkeus.models.export import export_onnx, quantise, run_onnx, run_torch
from lynkeus.recipes.copies import barred_by_lists
from lynkeus.recipes.model_card import write_card
from lynkeus.recipes.overlay_finder import RECIPE
from lynkeus.recipes.overlays import OverlayRecipe, open_overlay_cache, scene_maker
from lynkeus.recipes.protocol import Places
from lynkeus.recognisers.overlays import MODEL, overlap

FILE = "overlay_finder"
VERSION = "overlay-finder-1"
_TOLERANCE = 1e-4
_CALIBRATION, _CHECK = 160, 64
_SURE = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far the exported files are from the model, over scenes of pictures that train.

    Attributes:
        onnx_error: Largest difference of a number between PyTorch and ONNX fp32.
        int8_iou: Mean IoU of the most certain box in fp32 and in int8, of scenes where fp32 is sure of one.
        int8_confidence: Mean difference of its confidence.
    """

    onnx_error: float
    int8_iou: float
    int8_confidence: float


def load_detector(checkpoint: Path, recipe: OverlayRecipe) -> OverlayDetector:
    """The model of a run's last checkpoint, to be used, not trained."""
    model = OverlayDetector(width=recipe.width, frozen_blocks=recipe.frozen_blocks)
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    return model.eval()


def publish_overlays(
    model: OverlayDetector,
    recipe: OverlayRecipe,
    make: SceneMaker,
    cache: PictureCache,
    out: Path,
    *,
    figures: Mapping[str, Any] | None = None,
) -> Agreement:
    """Write overlay_finder.onnx, overlay_finder.int8.onnx and overlay_finder.json (the card of the int8 file).

    Args:
        model: What to publish.
        recipe: What trained it; the last of its sides is that of inference.
        make: Scenes like those that trained.
        cache: The pictures that trained.
        out: Folder to write to.
        figures: What was measured, for the card.

    Raises:
        CorruptError: The ONNX file does not give what PyTorch gives.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, small = out / f"{FILE}.onnx", out / f"{FILE}.int8.onnx"
    side = recipe.sides[-1][1]
    rngs = (np.random.default_rng((recipe.seed, 2**31, number)) for number in range(_CALIBRATION + _CHECK))
    pictures = np.stack([squashed(make(rng).image, side) for rng in rngs])
    check = pictures[_CALIBRATION:]
    export_onnx(model, plain, side=side, output="boxes")
    exact, exported = run_torch(model, check[:8]), run_onnx(plain, check[:8])
    error = float(np.abs(exact[..., :4] - exported[..., :4]).max())
    if error > _TOLERANCE:
        raise CorruptError(f"the exported model is off by {error:.1e}, at most {_TOLERANCE:.0e} is allowed")
    quantise(plain, small, pictures=pictures[:_CALIBRATION])
    agreement = _compared(run_onnx(plain, check), run_onnx(small, check), error)
    about = {**(figures or {}), "export": {name: round(value, 7) for name, value in asdict(agreement).items()}}
    write_card(
        out / f"{FILE}.json",
        small,
        cache,
        trained=PictureDraw(cache, one_in=recipe.held_out).numbers,
        name=MODEL,
        version=VERSION,
        backbone="EfficientNet-Lite0",
        input=f"pixels: uint8 [n, {side}, {side}, 3], RGB, the picture squashed to a square; normalised inside",
        output=f"boxes: float32 [n, {(side // 8) ** 2}, 5], x0, y0, x1, y1 in shares of the picture, confidence",
        figures=about,
        recipe="lynkeus.recipes.overlay_finder, then lynkeus.recipes.overlay_publish",
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


if __name__ == "__main__":
    data, lists, run, caches, target = (Path(word) for word in sys.argv[1:6])
    torch.set_num_threads(1)
    folders = Places(data=data, out=run, caches=caches)
    pictures_used = open_overlay_cache(RECIPE, folders, barred=barred_by_lists(lists))
    scenes = scene_maker(RECIPE, pictures_used, folders)
    known: dict[str, Any] = json.loads(Path(sys.argv[6]).read_text()) if len(sys.argv) > 6 else {}
    detector = load_detector(run / "checkpoint.ckpt", RECIPE)
    print(publish_overlays(detector, RECIPE, scenes, pictures_used, target, figures=known))  # noqa: T201
