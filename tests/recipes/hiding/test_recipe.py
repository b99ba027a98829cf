"""The recipes of Hide-and-Seek: two steps of each on made pictures, resuming, evaluation and export."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lynkeus.augment.hiding import HideAndSeek
from lynkeus.core import ConflictError, NotTrainedError, SettingError
from lynkeus.data.hiding_batches import MapHiding
from lynkeus.recipes import RECIPES
from lynkeus.recipes.described import described
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION
from lynkeus.recipes.hiding.recipe import HidingRecipe
from lynkeus.recipes.lookup import load_recipe
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.settings import change
from lynkeus.report.laboratory.evaluation import load_evaluation, save_evaluation

pytestmark = pytest.mark.torch

FAMILIES: dict[str, HidingRecipe] = {
    name: one for name in RECIPES if isinstance(one := load_recipe(name), HidingRecipe)
}
Fill = Callable[[HidingRecipe], HidingRecipe]


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")


@pytest.fixture
def small(places: Places) -> Fill:
    """Write noise pictures of two classes, each with a bright half, and make a recipe small."""

    def fill(recipe: HidingRecipe) -> HidingRecipe:
        table = recipe.labels
        rows: list[dict[str, str]] = []
        for number in range(12):
            tested = number % 3 == 2
            path = f"{table.split.test if table.split.column == 'path' and tested else ''}{number}.png"
            file = places.data / table.base / path
            file.parent.mkdir(parents=True, exist_ok=True)
            picture = np.random.default_rng(number).integers(0, 90, (40, 60, 3), dtype=np.uint8)
            picture[:, :30, number % 2] += 150
            cv2.imwrite(str(file), picture)
            row = {table.path: path, table.column: str(20 * (1 + number % 2)) if table.width else "ab"[number % 2]}
            row |= dict(zip(table.boxes or (), ("0", "0", "30", "40"), strict=False))
            if table.split.column and table.split.column != table.path:
                row[table.split.column] = table.split.test if tested else "train"
            rows.append(row)
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (places.data / table.file).parent.mkdir(parents=True, exist_ok=True)
        (places.data / table.file).write_text("\n".join(lines) + "\n")
        descent = replace(recipe.descent, steps=3, warmup=1, cooldown=1)
        labels = replace(table, classes=None)
        return replace(recipe, labels=labels, cached_side=64, side=64, batch=4, pretrained=False, descent=descent)

    return fill


def test_the_families_are_there() -> None:
    assert set(FAMILIES) == {
        f"hiding_{one}" for one in ("localisation", "masks", "cars", "cifar10", "emotion", "age", "sex")
    }


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_each_says_its_own_words(name: str) -> None:
    assert described(name).lines["Run"] == f"``lynkeus train {name} --data DATA --out runs/{name}``"
    assert "not measured" not in described(name).text


def test_chances_are_changed_by_name() -> None:
    changed = change(LOCALISATION, [("augment.p", "0.25"), ("augment.sides", "[4, 8]"), ("pooling", "max")])
    assert changed == replace(LOCALISATION, augment=HideAndSeek(p=0.25, sides=(4, 8)), pooling="max")
    with pytest.raises(SettingError, match=r"p is 1\.5, must be between 0 and 1"):
        change(LOCALISATION, [("augment.p", "1.5")])


def test_no_field_of_the_config_has_a_default() -> None:
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(HidingRecipe))


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_runs_two_steps_on_made_pictures(name: str, places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(FAMILIES[name])
    untrained = recipe.train(replace(places, out=places.out / "none"), fabric, stop_after=0).state_dict()
    trained = recipe.train(places, fabric, stop_after=2).state_dict()
    changed = {key for key, value in trained.items() if not torch.equal(value, untrained[key])}
    assert {"classify.weight", "backbone.head.norm.weight", "backbone.blocks.11.expand.conv.weight"} <= changed
    assert not any("running" in key or "stem" in key or "blocks.10." in key for key in changed)
    found = recipe.evaluate(places)
    assert {"top-1", "top-1 occluded"} <= set(found.figures)
    assert ("mean error of the number" in found.figures) == (recipe.labels.width is not None)
    assert ("GT-known localisation" in found.figures) == (recipe.labels.boxes is not None)
    assert found.confusion is not None
    assert int(found.confusion.counts.sum()) == len(recipe.pictures(places).of("test"))


def test_hiding_on_maps_trains_too(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(LOCALISATION), maps=MapHiding(p=0.5, side=4))
    plain = replace(recipe, maps=MapHiding(p=0.0, side=4))
    hidden = recipe.train(places, fabric, stop_after=2)
    assert hidden.hide.seen == 2
    assert plain.train(replace(places, out=places.out / "plain"), fabric, stop_after=2).hide.seen == 0
    assert recipe.load(places, recipe.pictures(places)).hide.seen == 2


def test_a_resumed_training_equals_the_unbroken_one(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(LOCALISATION), maps=MapHiding(p=0.5, side=4))
    unbroken = recipe.train(replace(places, out=places.out / "a"), fabric)
    recipe.train(replace(places, out=places.out / "b"), fabric, stop_after=1)
    resumed = recipe.train(replace(places, out=places.out / "b"), fabric)
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_refuses_to_resume_under_another_hiding(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(LOCALISATION)
    recipe.train(places, fabric, stop_after=0)
    with pytest.raises(ConflictError, match="augment"):
        replace(recipe, augment=HideAndSeek(p=0.25, sides=(8,))).train(places, fabric)


def test_learns_two_classes_from_the_published_weights(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(LOCALISATION)
    descent = replace(recipe.descent, steps=30, warmup=2, cooldown=10)
    recipe = replace(recipe, descent=descent, augment=HideAndSeek(p=0.25, sides=(16,)), pretrained=True, batch=8)
    recipe.train(places, fabric)
    assert recipe.evaluate(places).figures["top-1"] == 1.0


def test_the_sheet_of_maps_is_kept(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(LOCALISATION)
    recipe.train(places, fabric, stop_after=1)
    found = recipe.evaluate(places)
    assert len(found.heat_maps) == 4
    for one in found.heat_maps:
        assert 0 <= one.heat.min() <= one.heat.max() <= 1
        assert one.truth == ((0.0, 0.0, 0.5, 1.0),)
        assert all(0 <= edge <= 1 for edge in one.box)
    save_evaluation(found, places.out)
    kept = load_evaluation(places.out)
    assert kept is not None
    assert kept.figures == found.figures


def test_exports_a_file_that_agrees_and_a_card_that_fits_it(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(LOCALISATION)
    recipe.train(places, fabric, stop_after=1)
    file = recipe.export(places, places.out / "shipped")
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert card["terms"] == "research"
    assert card["classes"] == ["a", "b"]
    assert card["training_data"][0]["pictures"] == len(recipe.pictures(places).of("train"))
    assert card["figures"]["export"]["onnx_error"] < 1e-4
    assert "[n, 2, 17]" in card["output"]


def test_nothing_trained_is_an_error(places: Places, small: Fill) -> None:
    recipe = small(LOCALISATION)
    with pytest.raises(NotTrainedError, match="train it first"):
        recipe.evaluate(places)
    with pytest.raises(NotTrainedError, match="train it first"):
        recipe.export(places, places.out / "shipped")
