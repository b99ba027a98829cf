"""Parts of recipes by name, ours and other packages'."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from retrieval_made import made_places, made_small
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.augment.hiding import CutOut
from lynkeus.core import SettingError, UnknownNameError, plugins
from lynkeus.recipes import RECIPES
from lynkeus.recipes.described import flat
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION
from lynkeus.recipes.limits import LIMITS, limit_of
from lynkeus.recipes.lookup import load_recipe
from lynkeus.recipes.objects.object_descriptor_all import RECIPE as OBJECTS
from lynkeus.recipes.parts import PARTS
from lynkeus.recipes.protocol import Recipe
from lynkeus.recipes.retrieval.deepfirearm import RECIPE
from lynkeus.recipes.retrieval.stages import Angular
from lynkeus.recipes.settings import change

pytestmark = pytest.mark.torch


class _Linear(nn.Module):
    def __init__(self, dim: int, classes: int, scale: float) -> None:
        super().__init__()
        self.weight, self.scale = nn.Linear(dim, classes), scale

    def forward(self, descriptors: Tensor, label: Tensor) -> Tensor:
        return functional.cross_entropy(self.scale * cast("Tensor", self.weight(descriptors)), label)


@dataclass(frozen=True, kw_only=True)
class ForeignLoss:
    """Softmax over a linear layer, as another package might write it."""

    scale: float

    def make(self, *, dim: int, classes: int) -> nn.Module:
        return _Linear(dim, classes, self.scale)


FOREIGN_LOSS = ForeignLoss(scale=5.0)


@dataclass(frozen=True, kw_only=True)
class Grey:
    """A transform of another package."""

    level: int

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        del rng
        return np.full_like(image, self.level)


GREY = Grey(level=9)


@pytest.fixture
def _foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"lynkeus.losses": ("linear", "FOREIGN_LOSS"), "lynkeus.transforms": ("grey", "GREY")}

    def entry_points(*, group: str) -> Iterable[EntryPoint]:
        return [EntryPoint(points[group][0], f"{__name__}:{points[group][1]}", group)] if group in points else []

    monkeypatch.setattr(plugins, "entry_points", entry_points)


def test_a_part_is_taken_by_its_name_and_then_changed_by_its_fields() -> None:
    assert change(RECIPE, [("loss", "angular"), ("loss.margin", "0.2")]).loss == Angular(scale=32.0, margin=0.2)
    assert change(RECIPE, [("classify", "none"), ("classify", "weighted")]).classify == RECIPE.classify
    assert change(LOCALISATION, [("augment", "cut_out"), ("augment.side", "20")]).augment == CutOut(side=20)


def test_an_unknown_part_lists_those_that_are_known() -> None:
    with pytest.raises(UnknownNameError, match=r"'hinge' in lynkeus\.losses; known: angular, margins, semi_hard"):
        change(RECIPE, [("loss", "hinge")])
    with pytest.raises(SettingError, match=r"descent is not a single value; set descent\.steps"):
        change(RECIPE, [("descent", "fast")])


@pytest.mark.parametrize(
    ("recipe", "path", "text", "range_"),
    [
        (RECIPE, "descent.steps", "-1", "must be 0 or more"),
        (RECIPE, "descent.backbone_rate", "-0.1", "must be 0 or more"),
        (RECIPE, "descent.backbone_rate", "nan", "takes a finite number, not 'nan'"),
        (RECIPE, "descent.clip_norm", "inf", "takes a finite number or none, not 'inf'"),
        (RECIPE, "descent.clip_norm", "0", "must be above 0"),
        (RECIPE, "pictures", "0", "must be 1 or more"),
        (OBJECTS, "groups.0.batch", "0", "must be 1 or more"),
        (OBJECTS, "trained_share", "1.5", "must be between 0 and 1"),
        (OBJECTS, "seed", "-1", "must be 0 or more"),
    ],
)
def test_a_senseless_number_is_refused_with_its_field_and_range(
    recipe: Recipe, path: str, text: str, range_: str
) -> None:
    with pytest.raises(SettingError) as refused:
        change(recipe, [(path, text)])
    said = range_ if "takes" in range_ else f"is {text}, {range_}"
    assert str(refused.value) == f"{path} {said}"


def test_what_recipes_say_is_within_the_ranges() -> None:
    for name in RECIPES:
        for path, value in flat(load_recipe(name)).items():
            limit = limit_of(path)
            if limit is not None and type(value) in (int, float) and path.split(".")[-1] != "batch":
                assert limit.holds(float(value)), path


def test_each_range_is_of_a_field_that_there_is() -> None:
    parts = [part for known in PARTS.values() for part in known.ours.values()]
    fields = {path.split(".")[-1] for one in (*map(load_recipe, RECIPES), *parts) for path in flat(one)}
    assert {path.split(".")[-1] for path in LIMITS} <= fields | {"side"}


@pytest.mark.usefixtures("_foreign")
def test_the_loss_of_another_package_trains_a_recipe_of_ours(tmp_path: Path) -> None:
    places = made_places(tmp_path)
    recipe = change(made_small(RECIPE, places), [("classify", "none"), ("loss", "linear"), ("loss.scale", "7")])
    assert recipe.loss == ForeignLoss(scale=7.0)
    assert change(recipe, [("loss.scale", "-7")]).loss == ForeignLoss(scale=-7.0)
    recipe.train(replace(places, out=places.out / "a"), Fabric(accelerator="cpu", devices=1), stop_after=2)
    saved = torch.load(places.out / "a" / "checkpoint.ckpt", weights_only=True)
    assert any("weight.weight" in name for name in saved["loss"])


@pytest.mark.usefixtures("_foreign")
def test_the_transform_of_another_package_is_taken_by_its_name() -> None:
    recipe = change(LOCALISATION, [("augment", "grey"), ("augment.level", "30")])
    assert (
        recipe.augment(np.zeros((4, 4, 3), np.uint8), np.random.default_rng(0)).tolist()
        == np.full((4, 4, 3), 30).tolist()
    )
