"""Publish a run: write ONNX in fp32 and int8, check the files against each other, and write the model card.

The card is a JSON file beside the models with the fields name, version, file, sha256, licence, terms, training_data,
input, output, embedding_version, figures, recipe, trained.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lynkeus.augment import Chain
from lynkeus.data.batches import BatchPlan, PairBatches
from lynkeus.data.cache import PictureCache
from lynkeus.data.views import light_view
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.models.export import checked_error, export_onnx, quantise, run_onnx, run_torch
from lynkeus.recipes.model_card import Agreement, write_card

_CALIBRATION, _CHECK = 128, 64  # pictures that calibrate int8, and pictures that check the files


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """Entries of the card that the files do not contain.

    Attributes:
        name: Name of the model, also of its files.
        version: Version of the weights.
        recipe: Name of the recipe.
        side: Side of the squashed pictures at inference, pixels; a multiple of 32.
    """

    name: str
    version: str
    recipe: str
    side: int


def publish(
    model: CopyDescriptor,
    release: Release,
    cache: PictureCache,
    out: Path,
    *,
    figures: Mapping[str, Any] | None = None,
) -> Agreement:
    """Write NAME.onnx, NAME.int8.onnx and NAME.json (the card of the int8 file).

    Args:
        model: What to publish.
        release: Names, and the side of the input.
        cache: The training pictures.
        out: Folder to write to.
        figures: Measured figures, for the card.

    Raises:
        CorruptError: The outputs of ONNX and PyTorch differ.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, small = out / f"{release.name}.onnx", out / f"{release.name}.int8.onnx"
    pictures = _light_views(cache, release.side, _CALIBRATION + _CHECK)
    check = pictures[_CALIBRATION:]
    export_onnx(model, plain, side=release.side)
    exact, exported = run_torch(model, check), run_onnx(plain, check)
    error = checked_error(exact, exported)
    quantise(plain, small, pictures=pictures[:_CALIBRATION])
    cosine = (exported * run_onnx(small, check)).sum(axis=1)
    agreement = Agreement(onnx_error=error, int8_cosine=float(cosine.mean()), int8_cosine_lowest=float(cosine.min()))
    write_card(
        out / f"{release.name}.json",
        small,
        cache,
        name=release.name,
        version=release.version,
        backbone="EfficientNet-Lite0",
        input=f"pixels: uint8 [n, {release.side}, {release.side}, 3], RGB, the picture squashed to a square by area "
        "averaging; normalised inside",
        output=f"descriptor: float32 [n, {model.project.out_features}], length 1",
        figures={**(figures or {}), "export": asdict(agreement)},
        recipe=release.recipe,
    )
    return agreement


def _light_views(cache: PictureCache, side: int, count: int) -> np.ndarray:
    plan = BatchPlan(pictures=16, side=side, seed=2**31)
    batches = PairBatches(cache, plan, light=light_view(), heavy=Chain(()), rank=0, world=1)
    views = [batches[step].pixels.numpy()[::2] for step in range(-(-count // 16))]
    return np.concatenate(views)[:count]
