"""A small retrieval recipe on made pictures; run as a program, this file is one of two training processes.

Run: ``python retrieval_made.py FOLDER``; its place comes from the environment, as under torchrun.
"""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from lightning_fabric import Fabric

from lynkeus.recipes.protocol import Places
from lynkeus.recipes.retrieval.data import Kept
from lynkeus.recipes.retrieval.deepfirearm import RECIPE
from lynkeus.recipes.retrieval.recipe import RetrievalRecipe


def made_places(folder: Path) -> Places:
    """The folders of a run."""
    return Places(data=folder / "data", out=folder / "run", caches=folder / "caches")


def made_small(recipe: RetrievalRecipe, places: Places) -> RetrievalRecipe:
    """A small version of the recipe; five classes of four pictures in the first group, two classes in the second."""
    if not (places.data / recipe.groups[-1].where).exists():
        _make(recipe, places)
    one = {"steps": 1, "warmup": 0, "cooldown": 0}
    two = {"steps": 2, "warmup": 0, "cooldown": 0}
    both = recipe.classify is not None and recipe.loss is not None
    return replace(
        recipe,
        kept=(Kept(val=0, test=2), Kept(val=0, test=0)),
        cached_side=96,
        area=64 * 64,
        views=2,
        weights="none",
        pictures=8,
        classify_descent=replace(recipe.classify_descent, **(one if both else two)),
        descent=replace(recipe.descent, **(one if both else two)),
        dim=4,
    )


def _make(recipe: RetrievalRecipe, places: Places) -> None:
    rng = np.random.default_rng(0)
    for group, classes in zip(recipe.groups, (5, 2), strict=True):
        table = group.table
        assert table is not None
        rows = [f"{table.path},{table.column}"]
        for number in range(classes * 4):
            size = (48, 48) if number % 3 else (48, 96)
            file = places.data / group.source.folder / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            noise = rng.integers(0, 60, (*size, 3), dtype=np.uint8) + np.uint8(40 * (number // 4))
            cv2.imwrite(str(file), noise)
            rows.append(f"{file.relative_to(places.data / table.base).as_posix()},class {number // 4}")
        (places.data / table.file).write_text("\n".join(rows) + "\n")


def main() -> None:
    """Train as one of two processes."""
    torch.set_num_threads(1)
    places = made_places(Path(sys.argv[1]))
    fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
    fabric.launch()
    model = made_small(RECIPE, places).train(places, fabric)
    if fabric.is_global_zero:
        torch.save(model.state_dict(), places.out / "weights.pt")


if __name__ == "__main__":
    main()
