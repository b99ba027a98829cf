"""Measure ``object_descriptor_own`` on folders of one kind of thing, and write ``results/own.json``.

Three quarters of a folder's classes train and the last quarter is measured; three different quarters are measured in
turn (``QUARTERS``). ``whitened`` is the recipe; ``trained`` adds the views and steps of ``object_descriptor_all``;
``shipped`` is the network that ships. Logos are the pictures of FlickrLogos-27 that show one brand: no logo trained the
network that ships. Other arms are as in ``benchmarks.objects``.

Run: ``python -m benchmarks.objects.own DATA WORK``; about 75 min, one CPU core. Existing runs are used.
"""

import json
import shutil
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.objects.reached import described, reached, spread
from lynkeus.core import read_picture
from lynkeus.data.splits import split_classes
from lynkeus.engine.launch import make_fabric
from lynkeus.kinds.objects.embedder import DESCRIPTOR, ObjectEmbedder
from lynkeus.models.backbones.efficientnet_lite import WIDTH
from lynkeus.recipes.objects.object_descriptor_all import RECIPE as ALL
from lynkeus.recipes.objects.object_descriptor_own import RECIPE
from lynkeus.recipes.objects.recipe import load_start, open_object_maps, open_object_pictures, start_embedder
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.view_maps import pooled
from lynkeus.runtime.cards import card

QUARTERS = 3
_LOGOS = "logos/flickrlogos27"
_TRAINED = replace(RECIPE, edited_views=ALL.edited_views, descent=ALL.descent)

Figures = dict[str, dict[str, float]]


def main(data: Path, work: Path) -> None:
    """Train and measure each quarter of each folder."""
    folders = {
        "logos": logos_by_brand(data / _LOGOS, work / "logos"),
        "cars": data / "finegrained/cars",
    }
    sets: dict[str, Any] = {}
    for name, folder in folders.items():
        sets[name] = measure(folder, work, name, shipped=name == "logos")
        print(name, json.dumps(sets[name]["mean"]), flush=True)
        write_results(results_file("objects", "own.json"), {"sets": sets, **about()})


def measure(folder: Path, work: Path, name: str, *, shipped: bool) -> dict[str, Any]:
    """Figures of each quarter of a folder's classes, their mean and deviation, and how much there was."""
    fabric = make_fabric(accelerator="cpu")
    places = Places(data=folder, out=work, caches=work / "caches")
    pictures = open_object_pictures(_TRAINED, places)
    maps = open_object_maps(_TRAINED, start_embedder(_TRAINED), pictures, caches=places.caches)
    names = [one for _, one in pictures.names]
    quarter = len(names) // (QUARTERS + 1)
    quarters: list[Figures] = []
    for number, held in enumerate(split_classes(names, (quarter,) * QUARTERS + (-1,), seed=0)[:QUARTERS]):
        apart = tuple((".", one) for one in sorted(held))
        recipe = replace(_TRAINED, measured_share=0.0, held_out=apart)
        run = replace(places, out=work / "runs" / f"{name}{number}")
        trained = recipe.train(run, fabric)
        start = load_start(run.out, recipe)
        asked = np.flatnonzero(~pictures.without(frozenset(apart)))
        published = pooled(start, maps, asked)
        vectors = {
            "off_the_shelf": published[:, :WIDTH],
            "whitened": described(start, maps, asked),
            "trained": described(trained, maps, asked),
        }
        if shipped:
            embedder = ObjectEmbedder(card(DESCRIPTOR))
            files = [folder / pictures.cache.paths[one] for one in asked]
            vectors["shipped"] = np.stack([embedder(read_picture(file).rgb) for file in files])
        quarters.append({arm: reached(found, pictures.label[asked]) for arm, found in vectors.items()})
    counted = {"pictures": len(pictures.label), "classes": len(names), "held out": quarter}
    mean = {arm: spread([each[arm] for each in quarters]) for arm in quarters[0]}
    return counted | {"quarters": quarters, "mean": mean}


def logos_by_brand(source: Path, target: Path) -> Path:
    """The pictures of one brand each in a folder of each brand, copied once."""
    if target.is_dir():
        return target
    table = json.loads((source / "coco.json").read_text("utf-8"))
    brand = {one["id"]: one["name"] for one in table["categories"]}
    file = {one["id"]: one["file_name"] for one in table["images"]}
    shown: dict[str, set[str]] = defaultdict(set)
    for one in table["annotations"]:
        shown[file[one["image_id"]]].add(brand[one["category_id"]])
    for path, brands in shown.items():
        if len(brands) == 1:
            folder = target / next(iter(brands))
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / path, folder)
    return target


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
