import importlib
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lynkeus.core import ConflictError
from lynkeus.recipes import RECIPES as ALL
from lynkeus.recipes import CopyRecipe, Places, barred_by_lists, train
from lynkeus.recipes.config import Descent, Objective

pytestmark = pytest.mark.torch

RECIPES = {name: recipe for name, recipe in ALL.items() if isinstance(recipe, CopyRecipe)}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")


@pytest.fixture
def with_pictures(places: Places) -> Callable[[CopyRecipe], CopyRecipe]:
    """Puts a few noise pictures into each folder of a recipe, and makes the recipe small."""

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
    text = importlib.import_module(f"lynkeus.recipes.{name}").__doc__ or ""
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
    train(first, replace(places, out=places.out / "first"), workers=0, stop_after=1)
    second = replace(first, start="first", objective=replace(first.objective, momentum=None))
    started = train(second, replace(places, out=places.out / "second"), workers=0, stop_after=0)
    fast = torch.load(places.out / "first/checkpoint.ckpt", weights_only=True)["model"]
    for key, value in started.state_dict().items():
        torch.testing.assert_close(value, fast[key], rtol=0, atol=0, msg=key)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_runs_two_steps_on_made_pictures(
    name: str, places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]
) -> None:
    recipe = with_pictures(RECIPES[name])
    untrained = train(recipe, replace(places, out=places.out / "none"), workers=0, stop_after=0)
    trained = train(recipe, places, workers=0, stop_after=2)
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
    unbroken = train(recipe, replace(places, out=places.out / "a"), workers=0)
    train(recipe, replace(places, out=places.out / "b"), workers=0, stop_after=1)
    resumed = train(recipe, replace(places, out=places.out / "b"), workers=0)
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_a_run_refuses_other_pictures(places: Places, with_pictures: Callable[[CopyRecipe], CopyRecipe]) -> None:
    recipe = with_pictures(RECIPES["copies_free"])
    train(recipe, places, workers=0, stop_after=1)
    with pytest.raises(ConflictError, match="pictures_sha256"):
        train(recipe, places, workers=0, barred=frozenset({"detection/cards/1.png"}))


def test_bars_all_that_measures_but_the_train_pictures_of_the_tune_half(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text(
        "path,source,role,half\n"
        "c/1.jpg,c,train,tune\nc/2.jpg,c,train,test\nc/3.jpg,c,reference,tune\nc/4.jpg,c,reference,test\n"
    )
    (tmp_path / "hosts.csv").write_text("path,half\nh/1.jpg,tune\nh/2.jpg,test\n")
    (tmp_path / "strangers.csv").write_text("path,half\nc/1.jpg,tune\nc/2.jpg,test\ns/1.jpg,tune\n")
    assert barred_by_lists(tmp_path) == {"c/2.jpg", "c/3.jpg", "c/4.jpg", "h/1.jpg", "h/2.jpg", "s/1.jpg"}
