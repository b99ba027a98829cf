"""The data sets, the arms, and one run of an arm on a set: trained where it is missing, else resumed.

Cars and birds: half of the classes train, a sixth is kept for choices, a third is measured. Firearms: the four types
and two of the five models train, three models are measured, and nothing is left to choose with. A seed draws the
split of the classes and all chance of the training: the spread over seeds is that of both.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from lynkeus.data.classes import ClassTable, Group
from lynkeus.data.sources import Source
from lynkeus.models.embedders import Embedder
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.retrieval.data import Kept, Opened
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as CLS_RETR_D
from lynkeus.recipes.retrieval.deepfirearm_arcface import RECIPE as ARCFACE
from lynkeus.recipes.retrieval.deepfirearm_cls import RECIPE as CLS
from lynkeus.recipes.retrieval.deepfirearm_cls_retr_s import RECIPE as CLS_RETR_S
from lynkeus.recipes.retrieval.deepfirearm_off_the_shelf import RECIPE as OFF_THE_SHELF
from lynkeus.recipes.retrieval.deepfirearm_retr_d import RECIPE as RETR_D
from lynkeus.recipes.retrieval.deepfirearm_retr_s import RECIPE as RETR_S
from lynkeus.recipes.retrieval.deepfirearm_triplet import RECIPE as TRIPLET
from lynkeus.recipes.retrieval.recipe import FIRST, RetrievalRecipe, open_all

FIRST_STAGE = replace(CLS_RETR_D, loss=None, descent=CLS_RETR_D.classify_descent)
"""What the arms of two stages begin with: no arm of its own, since it sees half as many pictures."""
ARMS = {
    "off-the-shelf": OFF_THE_SHELF,
    "retr-s": RETR_S,
    "retr-d": RETR_D,
    "cls": CLS,
    "cls+retr-s": CLS_RETR_S,
    "cls+retr-d": CLS_RETR_D,
    "triplet": TRIPLET,
    "arcface": ARCFACE,
    "cls, first half": FIRST_STAGE,
}


def _fine(name: str) -> tuple[Group, ...]:
    return (
        Group(
            source=Source(folder=f"finegrained/{name}", terms="research", share=1.0),
            table=ClassTable(file=f"finegrained/{name}.csv", base="finegrained", path="path", column="class_name"),
            batch=0,
        ),
    )


SETS = {
    "cars": (_fine("cars"), (Kept(val=17, test=33),)),
    "birds": (_fine("birds"), (Kept(val=10, test=20),)),
    "firearms": (CLS_RETR_D.groups, CLS_RETR_D.kept),
}


def on_set(recipe: RetrievalRecipe, name: str, seed: int) -> RetrievalRecipe:
    """An arm on another set and seed."""
    groups, kept = SETS[name]
    return replace(recipe, groups=groups, kept=kept, seed=seed)


def quick(recipe: RetrievalRecipe) -> RetrievalRecipe:
    """Two steps a stage, to try out."""
    short = {"steps": 2, "warmup": 0, "cooldown": 0}
    return replace(
        recipe,
        classify_descent=replace(recipe.classify_descent, **short),
        descent=replace(recipe.descent, **short),
    )


class Runs:
    """Runs of one set and seed, which share pictures, maps and the first stage of two.

    Args:
        data: The data root.
        folder: Of the runs.
        caches: Of the caches.
    """

    def __init__(self, data: Path, folder: Path, caches: Path) -> None:
        self._data, self._folder, self._caches = data, folder, caches
        self._fabric = Fabric(accelerator="cpu", devices=1)
        self._opened: dict[str, Opened] = {}

    def row(
        self,
        name: str,
        recipe: RetrievalRecipe,
        measure: Callable[[Embedder, Opened], dict[str, Any]],
        *,
        kind: str = "row",
    ) -> dict[str, Any]:
        """What a run gives when it is measured; kept in its folder, and read from there the next time.

        Args:
            name: Of the run: its folder.
            recipe: What to train.
            measure: From the trained model and the opened data.
            kind: Name of what is measured: of the file.
        """
        out = self._folder / name
        kept = out / f"{kind}.json"
        if kept.exists():
            return json.loads(kept.read_text("utf-8"))
        places = Places(data=self._data, out=out, caches=self._caches)
        first, own = self._first(recipe), out / FIRST
        two = recipe.classify is not None and recipe.loss is not None
        if two and first.exists() and not own.exists():
            shutil.copytree(first, own)
        model = recipe.train(places, self._fabric)
        if two and not first.exists():
            shutil.copytree(own, first)
        row = measure(model, self.opened(recipe))
        kept.write_text(json.dumps(row) + "\n", "utf-8")
        return row

    def opened(self, recipe: RetrievalRecipe) -> Opened:
        """The pictures and maps of a recipe."""
        key = repr((recipe.groups, recipe.kept, recipe.seed))
        if key not in self._opened:
            self._opened = {key: open_all(recipe, Places(data=self._data, out=self._folder, caches=self._caches))}
        return self._opened[key]

    def _first(self, recipe: RetrievalRecipe) -> Path:
        """Where a first stage is kept for the arms that begin with the same one."""
        descent, group = recipe.classify_descent, recipe.groups[0].source.folder.replace("/", "-")
        return self._folder / f"first-{group}-{recipe.seed}-{descent.steps}-{descent.backbone_rate}"
