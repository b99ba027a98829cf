"""Publish a run of a retrieval descriptor: write ONNX, check it against PyTorch, and write the card."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.index.reduction import Reduction, fit_reduction
from lynkeus.models.embedders import Embedder
from lynkeus.models.embedders.opening import NONE, PACKAGE
from lynkeus.models.export import INPUT, checked_error, export_onnx, run_onnx, run_torch
from lynkeus.recipes.model_card import write_card
from lynkeus.recipes.retrieval.data import Opened
from lynkeus.recipes.retrieval.evaluation import evaluated, unit
from lynkeus.recipes.view_maps import pooled
from lynkeus.runtime.area import AREA

_CHECK = 16  # pictures that check the file against PyTorch


class Reduced(nn.Module):
    """An embedder followed by a PCA.

    Args:
        embedder: Gives descriptors.
        reduction: The PCA of the descriptors.
    """

    def __init__(self, embedder: Embedder, reduction: Reduction) -> None:
        super().__init__()
        self.embedder = embedder
        self.linear = nn.Linear(len(reduction.mean), len(reduction.axes))
        with torch.no_grad():
            self.linear.weight.copy_(torch.from_numpy(reduction.axes))
            self.linear.bias.copy_(torch.from_numpy(-reduction.axes @ reduction.mean))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The reduced descriptors, of length 1."""
        return functional.normalize(self.linear(self.embedder(pixels)))


def publish_embedder(
    model: Embedder, opened: Opened, target: Path, *, dim: int | None, area: int, name: str, weights: str
) -> Path:
    """Write NAME.onnx and its card NAME.json; gives the ONNX file.

    Args:
        model: A trained model.
        opened: Pictures and maps.
        target: Folder to write to; a missing folder is made.
        dim: Dimensions that a PCA keeps; None means no PCA.
        area: Area of a resized picture, square pixels.
        name: Name of the model.
        weights: Initial weights, as in ``open_embedder``; the licence of a file's or timm's weights is unknown.

    Raises:
        CorruptError: The outputs of ONNX and PyTorch differ.
    """
    target.mkdir(parents=True, exist_ok=True)
    split = opened.split
    known = split.of_part("train")
    whole: nn.Module = model
    if dim is not None:
        whole = Reduced(model, fit_reduction(unit(pooled(model, opened.maps, known)), dim))
    file = target / f"{name}.onnx"
    side = 32 * round(area**0.5 / 32)
    export_onnx(whole, file, side=side, free={INPUT: (1, 2)})
    graph = onnx.load(str(file))
    onnx.helper.set_model_props(graph, {AREA: str(area)})
    onnx.save(graph, str(file))
    cache = split.pictures.cache
    check = np.stack(
        [cv2.resize(cache[int(one)], (side, side), interpolation=cv2.INTER_AREA) for one in known[:_CHECK]]
    )
    error = checked_error(run_torch(whole, check), run_onnx(file, check))
    figures = {} if not len(split.of_part("test")) else dict(evaluated(model, opened, dim=dim).figures)
    known_licence = weights in {PACKAGE, NONE}
    licence = {} if known_licence else {"licence": f"that of the weights it began with ({Path(weights).name})"}
    write_card(
        target / f"{name}.json",
        file,
        cache,
        trained=known,
        backbone=type(model).__name__,
        name=name,
        version=f"{name}-1",
        input=f"pixels: uint8 [n, h, w, 3], RGB, h and w multiples of 32, about {area} pixels in all, the aspect ratio "
        "kept; normalised inside",
        output=f"descriptor: float32 [n, {dim or model.dim}], length 1",
        figures=figures | {"onnx_error": error},
        recipe="lynkeus.recipes.retrieval",
        **licence,
    )
    return file
