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

from lynkeus.core import ConflictError, DataError, NotTrainedError
from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.copies_all import RECIPE as ALL
from lynkeus.recipes.copies.copies_first import RECIPE as FIRST
from lynkeus.recipes.copies.copies_free import RECIPE as FREE
from lynkeus.recipes.copies.objective import Objective
from lynkeus.recipes.copies.recipe import CopyRecipe
from lynkeus.recipes.described import described
from lynkeus.recipes.protocol import Places

pytestmark = pytest.mark.torch

RECIPES = {"copies_all": ALL, "copies_first": FIRST, "copies_free": FREE}


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")


@pytest.fixture
def with_pictures(places: Places) -> Callable[[CopyRecipe], CopyRecipe]:
    """Put a few noise pictures into each folder of a recipe, and make the recipe small."""

    def fill(recipe: CopyRecipe) -> CopyRecipe:
        rng = np.random.default_rng(0)
        folders = {source.folder: source.role for source in recipe.sources} | {"copydet/overlays_twemoji": None}
        rows: dict[Path, list[str]] = {}
        for folder, role in folders.items():
            channels = 4 if folder.endswith("twemoji") else 3
            (places.data / folder).mkdir(parents=True)
            for number in range(3):
                noise = rng.integers(0, 256, (48, 64, channels), dtype=np.uint8)
                cv2.imwrite(str(places.data / folder / f"{number}.png"), noise)
                owner = (places.data / folder).parent
                rows.setdefault(owner, ["path,role"]).append(f"{Path(folder).name}/{number}.png,{role or 'train'}")
        for folder, lines in rows.items():
            (folder / "roles.csv").write_text("\n".join(lines) + "\n")
        return replace(
            recipe,
            side=64,
            cached_side=64,
            pictures=4,
            pretrained=False,
            start=None,
            whiten_pictures=0,
            descent=replace(recipe.descent, steps=3, warmup=1, cooldown=1),
        )

    return fill


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_says_where_it_comes_from_what_to_expect_what_it_costs_and_how_to_run_it(name: str) -> None:
    text = described(name).text
    for line in ("Source: ", "Expected: ", "Cost: ", "Run: ``"):
        assert line in text


def test_no_field_of_a_config_has_a_default() -> None:
    for config in (CopyRecipe, Objective, Descent):
        assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(config)), config


def test_free_recipe_uses_free_data_only() -> None:
    assert {source.terms for source in RECIPES["copies_free"].sources} == {"free"}


def test_starts_from_the_run_of_the_recipe_it_names(
    places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    first = with_pictures(RECIPES["copies_free"])
    first.train(replace(places, out=places.out / "first"), _one(), workers=0, stop_after=1)
    second = replace(first, start="first", objective=replace(first.objective, momentum=None))
    started = second.train(replace(places, out=places.out / "second"), _one(), workers=0, stop_after=0)
    fast = torch.load(places.out / "first/checkpoint.ckpt", weights_only=True)["model"]
    for key, value in started.state_dict().items():
        torch.testing.assert_close(value, fast[key], rtol=0, atol=0, msg=key)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_runs_two_steps_on_made_pictures(
    name: str, places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    recipe = with_pictures(RECIPES[name])
    untrained = recipe.train(replace(places, out=places.out / "none"), _one(), workers=0, stop_after=0)
    trained = recipe.train(places, _one(), workers=0, stop_after=2)
    changed = [
        key for key, value in trained.state_dict().items() if not torch.equal(value, untrained.state_dict()[key])
    ]
    assert "project.weight" in changed
    assert "backbone.head.norm.weight" in changed
    assert not any("running" in key or "stem" in key for key in changed)


def test_a_resumed_training_equals_the_unbroken_one(
    places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    recipe = with_pictures(RECIPES["copies_free"])
    unbroken = recipe.train(replace(places, out=places.out / "a"), _one(), workers=0)
    recipe.train(replace(places, out=places.out / "b"), _one(), workers=0, stop_after=1)
    resumed = recipe.train(replace(places, out=places.out / "b"), _one(), workers=0)
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_a_run_refuses_other_pictures(places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]) -> None:
    recipe = with_pictures(RECIPES["copies_free"])
    recipe.train(places, _one(), workers=0, stop_after=1)
    with pytest.raises(ConflictError, match="pictures_sha256"):
        recipe.train(replace(places, barred=frozenset({"detection/cards/1.png"})), _one(), workers=0)


def test_evaluates_and_exports_what_was_trained(
    places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    recipe = replace(with_pictures(FREE), dim=8)
    folder = recipe.sources[0].folder
    held_out = frozenset(f"{folder}/{number}.png" for number in range(2))
    there = replace(places, barred=held_out)
    recipe.train(there, _one(), workers=0, stop_after=1)
    found = recipe.evaluate(there)
    assert set(found.figures) == {"micro-AP", "R@P90", "R@1", "pictures"}
    assert found.figures["pictures"] == 2
    assert 0 < found.figures["micro-AP"] <= 1
    assert [query.label for query in found.neighbours] == sorted(held_out)
    with pytest.raises(DataError, match="held out"):
        recipe.evaluate(places)
    file = recipe.export(there, places.out / "export")
    card = json.loads(file.with_name("run.json").read_text())
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_says_that_the_run_to_start_from_is_missing(
    places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    recipe = replace(with_pictures(FREE), start="copies_first")
    with pytest.raises(NotTrainedError, match=r"copies_first holds no checkpoint\.ckpt: train it first"):
        recipe.train(places, _one(), workers=0)
