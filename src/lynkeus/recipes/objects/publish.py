"""Publish a run of the object descriptor: write ONNX in fp32 and int8, check the files, and write the card."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from jaxtyping import Int64

from lynkeus.data.cache import PictureCache
from lynkeus.kinds.objects.embedder import DESCRIPTOR
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.models.embedders.object_heat import SeenObject
from lynkeus.models.export import INPUT, Second, checked_error, export_onnx, quantise, run_onnx, run_torch
from lynkeus.recipes.model_card import Agreement, write_card
from lynkeus.runtime.area import AREA, HEAT, TOWARDS

FILE = "object_descriptor"
VERSION = "object-descriptor-3"
_CALIBRATION, _CHECK = 160, 64  # pictures that calibrate int8, and pictures that check the files


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRelease:
    """Settings of a publication.

    Attributes:
        area: Area of the input, square pixels.
        dim: Length of a descriptor.
        seed: Seed for the choice of the pictures that calibrate int8.
    """

    area: int
    dim: int
    seed: int


def publish_objects(
    model: ObjectDescriptor,
    release: ObjectRelease,
    cache: PictureCache,
    out: Path,
    *,
    trained: Int64[np.ndarray, " m"] | None = None,
    figures: Mapping[str, Any] | None = None,
) -> Agreement:
    """Write object_descriptor.onnx, object_descriptor.int8.onnx and object_descriptor.json (the card of the int8 file).

    The version in the card ends with the first digits of the int8 file's digest, so that no two runs share a version.

    Args:
        model: The model.
        release: Settings of the publication.
        cache: Pictures of all classes.
        out: Folder to write to.
        trained: Numbers of the training pictures, some of which calibrate int8; None means all pictures.
        figures: Measured figures, for the card.

    Raises:
        CorruptError: The outputs of ONNX and PyTorch differ.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, small = out / f"{FILE}.onnx", out / f"{FILE}.int8.onnx"
    side = round(release.area**0.5)
    known = np.arange(len(cache)) if trained is None else trained
    numbers = np.random.default_rng(release.seed).permutation(known)[: _CALIBRATION + _CHECK]
    pictures = np.stack([cv2.resize(cache[int(n)], (side, side), interpolation=cv2.INTER_AREA) for n in numbers])
    check = pictures[-_CHECK:]
    heat = Second(TOWARDS, HEAT, release.dim)
    export_onnx(SeenObject(model), plain, side=side, free={INPUT: (1, 2)}, second=heat)
    exact, exported = run_torch(model, check), run_onnx(plain, check)
    error = checked_error(exact, exported)
    quantise(plain, small, pictures=pictures[:_CALIBRATION], exact_linear=True)
    for file in (plain, small):
        _name_area(file, release.area)
    cosine = (exported * run_onnx(small, check)).sum(axis=1)
    agreement = Agreement(onnx_error=error, int8_cosine=float(cosine.mean()), int8_cosine_lowest=float(cosine.min()))
    about = {**(figures or {}), "export": {name: round(value, 7) for name, value in asdict(agreement).items()}}
    write_card(
        out / f"{FILE}.json",
        small,
        cache,
        trained=trained,
        name=DESCRIPTOR,
        version=f"{VERSION}+{hashlib.sha256(small.read_bytes()).hexdigest()[:8]}",
        backbone="EfficientNet-Lite1",
        input=f"pixels: uint8 [n, h, w, 3], RGB, h and w multiples of 32, about {release.area} pixels in all, the "
        "aspect ratio kept; normalised inside",
        output=f"descriptor: float32 [n, {release.dim}], length 1; heat: float32 [n, i, j, m], how much each place "
        "speaks for each row of the optional input towards",
        figures=about,
        recipe="object_descriptor_all, then `lynkeus export`",
    )
    return agreement


def _name_area(file: Path, area: int) -> None:
    graph = onnx.load(str(file))
    onnx.helper.set_model_props(graph, {AREA: str(area)})
    onnx.save(graph, str(file))
