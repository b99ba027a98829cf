"""Feature maps of the views of each picture, computed once by the frozen blocks and mapped into memory.

Training starts from these maps. The frozen blocks take most of the time of a step. ONNX Runtime computes them once per
view; PyTorch would compute them at every step.

Conventions: view 0 is the unchanged picture; the views of each edit follow. All views of a picture have the picture's
shape. Maps are float16.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float16, Float32, Int64
from torch import Tensor, nn
from tqdm import tqdm

from lynkeus.augment import Transform
from lynkeus.data.cache import PictureCache
from lynkeus.models.embedders import Embedder
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.models.export import INPUT, export_onnx
from lynkeus.runtime.area import resized, sides_of_area
from lynkeus.runtime.sessions import open_session

FORMAT = 2  # a change of the files or of their content needs a new number
_OUTPUT = "maps"
_TOGETHER = 32  # most pictures in one pass through the network; limits memory

Staged = ObjectDescriptor | Embedder
"""A model whose frozen blocks, the trunk, make the stored maps."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ViewMaps:
    """Maps of all views of all pictures.

    Attributes:
        values: All maps in one flat array; the views of a picture are neighbours.
        start: First value of each picture.
        shape: Channels, height and width of the maps of each picture.
        views: Number of views per picture.
    """

    values: np.memmap
    start: Int64[np.ndarray, " n"]
    shape: Int64[np.ndarray, "n 3"]
    views: int

    def view(self, number: int, view: int) -> Float16[np.ndarray, "c i j"]:
        """The maps of one view of one picture."""
        channels, height, width = (int(side) for side in self.shape[number])
        size = channels * height * width
        at = int(self.start[number]) + view * size
        return self.values[at : at + size].reshape(channels, height, width)

    def alike(self, numbers: Int64[np.ndarray, " m"]) -> list[Int64[np.ndarray, " k"]]:
        """Split pictures into parts that fit into one step; all maps of a part have one shape."""
        return [numbers[rows] for rows in self.rows_alike(numbers)]

    def rows_alike(self, numbers: Int64[np.ndarray, " m"]) -> list[Int64[np.ndarray, " k"]]:
        """The parts of ``alike`` as places in ``numbers``. A picture may occur more than once."""
        _, kind = np.unique(self.shape[numbers], axis=0, return_inverse=True)
        together = [np.flatnonzero(kind == one) for one in np.unique(kind)]
        return [part[at : at + _TOGETHER] for part in together for at in range(0, len(part), _TOGETHER)]

    def stacked(self, numbers: Int64[np.ndarray, " k"], views: Int64[np.ndarray, " k"]) -> Tensor:
        """The maps of one view per picture, stacked, float32; all maps must have one shape."""
        maps = [self.view(int(number), int(view)) for number, view in zip(numbers, views, strict=True)]
        return torch.from_numpy(np.stack(maps).astype(np.float32)).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewPlan:
    """The views to make.

    Attributes:
        edits: The edits; each edit makes ``views`` views.
        views: Views per edit, in addition to the unchanged picture.
        area: Area of a resized view, square pixels.
        seed: Seed of all randomness in the views.
    """

    edits: tuple[Transform, ...]
    views: int
    area: int
    seed: int


def open_view_maps(model: Staged, pictures: PictureCache, plan: ViewPlan, *, caches: Path) -> ViewMaps:
    """Open the maps of a model's trunk; compute missing maps first.

    Args:
        model: The model before training; its frozen blocks are the trunk.
        pictures: The pictures.
        plan: The views to make.
        caches: Folder of caches.
    """
    learning = {name for name, weight in model.named_parameters() if weight.requires_grad and model.frozen_blocks >= 0}
    fixed = (value for name, value in model.state_dict().items() if name not in learning)
    weights = hashlib.sha256(b"".join(value.numpy().tobytes() for value in fixed))
    trunk = [model.frozen_blocks, weights.hexdigest()]
    key = json.dumps([FORMAT, repr(plan), trunk, pictures.key]).encode()
    folder = caches / f"maps-{hashlib.sha256(key).hexdigest()[:16]}"
    if not (folder / "index.npz").exists():
        _build(model, pictures, plan, folder)
    index = np.load(folder / "index.npz")
    return ViewMaps(
        values=np.memmap(folder / "maps.f16", dtype=np.float16, mode="r"),
        start=index["start"],
        shape=index["shape"],
        views=1 + plan.views * len(plan.edits),
    )


@torch.no_grad()
def pooled(model: Staged, maps: ViewMaps, numbers: Int64[np.ndarray, " m"]) -> Float32[np.ndarray, "m d"]:
    """Pooled features of unchanged pictures."""
    model.eval()
    found: dict[int, np.ndarray] = {}
    for part in maps.alike(numbers):
        features = model.pool(maps.stacked(part, np.zeros_like(part))).numpy()
        found |= {int(number): row for number, row in zip(part, features, strict=True)}
    return np.stack([found[int(number)] for number in numbers])


class _Trunk(nn.Module):
    def __init__(self, model: Staged) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model.trunk(pixels)


def _build(model: Staged, pictures: PictureCache, plan: ViewPlan, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    own = os.getpid()  # several processes may build at once: each process writes its own files, and the last files stay
    trunk = folder / f"trunk.{own}.onnx"
    export_onnx(_Trunk(model), trunk, side=128, output=_OUTPUT, free={INPUT: (1, 2), _OUTPUT: (2, 3)})
    session = open_session(trunk)
    shape: list[tuple[int, ...]] = []
    start = [0]
    with (folder / f"maps.{own}.tmp").open("wb") as file:
        for number, rgb in enumerate(tqdm(pictures, desc="views", disable=None)):
            size = sides_of_area(rgb.shape[1], rgb.shape[0], plan.area)
            seen = [
                rgb,
                *(
                    edit(rgb, np.random.default_rng((plan.seed + kind, view, number)))
                    for kind, edit in enumerate(plan.edits)
                    for view in range(1, plan.views + 1)
                ),
            ]
            maps = [np.asarray(session.run(None, {INPUT: resized(one, size)[None]})[0])[0] for one in seen]
            file.write(np.stack(maps).astype(np.float16).tobytes())
            shape.append(maps[0].shape)
            start.append(start[-1] + len(maps) * maps[0].size)
    trunk.unlink()
    (folder / f"maps.{own}.tmp").replace(folder / "maps.f16")
    with (folder / f"index.{own}.tmp").open("wb") as file:
        np.savez(file, start=np.array(start[:-1], np.int64), shape=np.array(shape, np.int64))
    (folder / f"index.{own}.tmp").replace(folder / "index.npz")
