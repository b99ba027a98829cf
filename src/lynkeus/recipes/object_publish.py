"""From a run of the object descriptor to what ships: ONNX in fp32 and int8, checked against each other, and the card.

``python -m lynkeus.recipes.object_publish CARD`` gives heat to a file that was published without, and mends its card.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from jaxtyping import Int64

from lynkeus.data.cache import PictureCache
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.models.export import INPUT, checked_error, export_onnx, quantise, run_onnx, run_torch
from lynkeus.models.parts import add_heat
from lynkeus.recipes.model_card import write_card
from lynkeus.recipes.publish import Agreement
from lynkeus.recognisers.objects import MODEL
from lynkeus.runtime.area import AREA

FILE = "object_descriptor"
VERSION = "object-descriptor-1"
HEAT_WORDS = "; heat: float32 [n, i, j, m], how much each place speaks for each row of the optional input towards"
_CALIBRATION, _CHECK = 160, 64


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRelease:
    """What publishing needs to know.

    Attributes:
        area: Square pixels of the input.
        dim: Numbers a descriptor.
        seed: Of the choice of pictures that calibrate int8.
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

    Args:
        model: What to publish.
        release: What the files must say.
        cache: Pictures of all classes.
        out: Folder to write to.
        trained: Numbers of those that trained; None: all.
        figures: What was measured, for the card.

    Raises:
        CorruptError: The ONNX file does not give what PyTorch gives.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain, small = out / f"{FILE}.onnx", out / f"{FILE}.int8.onnx"
    side = round(release.area**0.5)
    numbers = np.random.default_rng(release.seed).permutation(len(cache))[: _CALIBRATION + _CHECK]
    pictures = np.stack([cv2.resize(cache[int(n)], (side, side), interpolation=cv2.INTER_AREA) for n in numbers])
    check = pictures[-_CHECK:]
    export_onnx(model, plain, side=side, free={INPUT: (1, 2)})
    exact, exported = run_torch(model, check), run_onnx(plain, check)
    error = checked_error(exact, exported)
    quantise(plain, small, pictures=pictures[:_CALIBRATION], exact_answer=True)
    for file in (plain, small):
        _name_area(file, release.area)
        _give_heat(file)
    cosine = (exported * run_onnx(small, check)).sum(axis=1)
    agreement = Agreement(onnx_error=error, int8_cosine=float(cosine.mean()), int8_cosine_lowest=float(cosine.min()))
    about = {**(figures or {}), "export": {name: round(value, 7) for name, value in asdict(agreement).items()}}
    write_card(
        out / f"{FILE}.json",
        small,
        cache,
        trained=trained,
        name=MODEL,
        version=VERSION,
        backbone="EfficientNet-Lite2",
        input=f"pixels: uint8 [n, h, w, 3], RGB, h and w multiples of 32, about {release.area} pixels in all, the "
        "aspect ratio kept; normalised inside",
        output=f"descriptor: float32 [n, {release.dim}], length 1{HEAT_WORDS}",
        figures=about,
        recipe="object_descriptor_all, then `lynkeus export`",
    )
    return agreement


def give_heat(card: Path) -> None:
    """Give heat to a published file and put that and the new digest into its card; nothing else of either changes.

    Raises:
        CorruptError: The file is no object descriptor, or has heat already.
    """
    fields = json.loads(card.read_text("utf-8"))
    file = card.parent / fields["file"]
    _give_heat(file)
    fields |= {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "output": fields["output"] + HEAT_WORDS}
    card.write_text(json.dumps(fields, indent=1) + "\n", "utf-8")


def _give_heat(file: Path) -> None:
    graph = onnx.load(str(file))
    add_heat(graph)
    onnx.save(graph, str(file))


def _name_area(file: Path, area: int) -> None:
    graph = onnx.load(str(file))
    onnx.helper.set_model_props(graph, {AREA: str(area)})
    onnx.save(graph, str(file))


if __name__ == "__main__":
    give_heat(Path(sys.argv[1]))
