import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lynkeus.core import CorruptError, DataError, NotTrainedError, SettingError, StorageError
from lynkeus.engine.checkpoint import read_checkpoint
from lynkeus.models.embedders.object_descriptor import within_class_whitening
from lynkeus.recipes.described import described
from lynkeus.recipes.objects.object_descriptor_all import RECIPE as ALL
from lynkeus.recipes.objects.object_descriptor_free import RECIPE as FREE
from lynkeus.recipes.objects.object_descriptor_own import RECIPE as OWN
from lynkeus.recipes.objects.publish import FILE, ObjectRelease, publish_objects
from lynkeus.recipes.objects.recipe import (
    Kind,
    ObjectRecipe,
    load_embedder,
    load_start,
    object_batches,
    open_object_maps,
    open_object_pictures,
    start_embedder,
)
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.view_maps import pooled
from lynkeus.runtime.area import AreaModel, at_area

pytestmark = pytest.mark.torch

RECIPES = {"object_descriptor_all": ALL, "object_descriptor_free": FREE, "object_descriptor_own": OWN}


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


Fill = Callable[[ObjectRecipe], ObjectRecipe]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")


@pytest.fixture
def small(places: Places) -> Fill:
    """Put noise pictures, some of them wide, into each group of a recipe, and make the recipe small.

    Two classes where a table names them, else four.
    """

    def fill(recipe: ObjectRecipe) -> ObjectRecipe:
        rng = np.random.default_rng(0)
        for group in recipe.groups:
            folder = places.data / group.source.folder
            folder.mkdir(parents=True, exist_ok=True)
            table = group.table
            if table is None:
                for number in range(8):
                    file = folder / f"class {number // 2}" / f"deeper {number}" / "a.png"
                    file.parent.mkdir(parents=True)
                    cv2.imwrite(str(file), rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
                continue
            rows, roles = [f"{table.path},{table.column}"], ["path,role"]
            for number in range(6):
                size = (48, 48) if number % 2 else (48, 96)
                cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 256, (*size, 3), dtype=np.uint8))
                inside = (folder / f"{number}.png").relative_to(places.data / table.base).as_posix()
                rows.append(f"{inside},{'even' if number < 3 else 'odd'}")
                roles.append(f"{folder.name}/{number}.png,train")
            (places.data / table.file).write_text("\n".join(rows) + "\n")
            if group.source.role is not None:
                (folder.parent / "roles.csv").write_text("\n".join(roles) + "\n")
        groups = tuple(replace(group, batch=4) for group in recipe.groups[:2])
        descent = replace(recipe.descent, steps=3, warmup=1, cooldown=1)
        changed = {"cached_side": 96, "area": 64 * 64, "edited_views": 1, "scale": 1.0, "pretrained": False}
        kinds = tuple(replace(kind, directions=8) for kind in recipe.kinds[:1])
        return replace(recipe, groups=groups, kinds=kinds, descent=descent, **changed)

    return fill


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_says_where_it_comes_from_what_to_expect_what_it_costs_and_how_to_run_it(name: str) -> None:
    text = described(name).text
    for line in ("Source: ", "Expected: ", "Cost: ", f"Run: ``lynkeus train {name}"):
        assert line in text
    assert "TO BE" not in text


def test_no_field_of_the_config_has_a_default() -> None:
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(ObjectRecipe))


def test_free_recipe_uses_free_data_only() -> None:
    assert {group.source.terms for group in FREE.groups} == {"free"}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_runs_two_steps_on_made_pictures(name: str, places: Places, small: Fill) -> None:
    recipe = small(RECIPES[name])
    untrained = recipe.train(replace(places, out=places.out / "none"), _one(), stop_after=0).state_dict()
    trained = recipe.train(places, _one(), stop_after=2).state_dict()
    changed = {key for key, value in trained.items() if not torch.equal(value, untrained[key])}
    assert {"project.weight", "backbone.head.norm.weight", "backbone.blocks.11.expand.conv.weight"} <= changed
    assert not any("running" in key or "stem" in key or "blocks.10." in key for key in changed)


def test_a_resumed_training_equals_the_unbroken_one(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    unbroken = recipe.train(replace(places, out=places.out / "a"), _one())
    recipe.train(replace(places, out=places.out / "b"), _one(), stop_after=1)
    resumed = recipe.train(replace(places, out=places.out / "b"), _one())
    loaded = load_embedder(places.out / "b", recipe)
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)
        torch.testing.assert_close(loaded.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_the_backbone_that_is_used_lies_between_the_start_and_the_slow_copy(places: Places, small: Fill) -> None:
    recipe = replace(small(ALL), trained_share=0.25)
    used = recipe.train(places, _one()).state_dict()
    objective = read_checkpoint(places.out)["loss"]
    name = "backbone.head.conv.weight"
    start, slow = objective[f"start.{name}"], objective[f"slow.copy.{name}"]
    assert not torch.equal(start, slow)
    torch.testing.assert_close(used[name], 0.75 * start + 0.25 * slow)
    torch.testing.assert_close(load_start(places.out, recipe).state_dict()[name], start)


def test_the_linear_layer_that_is_used_whitens_what_the_trained_backbone_gives(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    model = recipe.train(places, _one())
    pictures = open_object_pictures(recipe, places)
    maps = open_object_maps(recipe, model, pictures, caches=places.caches)
    plain = torch.from_numpy(pooled(model, maps, np.arange(len(pictures.label))))
    label = torch.from_numpy(pictures.label)
    weight, bias = within_class_whitening(plain.double(), label, torch.zeros_like(label), kept=[8], shrink=0.1)
    found = model.project(plain)
    torch.testing.assert_close(found @ found.T, _gram(plain, weight, bias), rtol=1e-3, atol=1e-4)
    start = load_start(places.out, recipe)
    assert not torch.allclose(model.project.weight, start.project.weight)


def _gram(pooled: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    rows = pooled @ weight.float().T + bias.float()
    return rows @ rows.T


def test_a_training_that_ended_is_given_as_it_is(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    first = recipe.train(places, _one(), stop_after=recipe.descent.steps).state_dict()
    (places.out / "checkpoint.ckpt").unlink()
    again = recipe.train(places, _one()).state_dict()
    assert all(torch.equal(again[name], value) for name, value in first.items())
    assert not (places.out / "checkpoint.ckpt").exists()


def test_what_came_of_a_training_that_cannot_be_written_is_said_and_comes_when_it_is_gone_on_with(
    places: Places, small: Fill
) -> None:
    recipe = small(ALL)
    blocked = places.out / "descriptor.tmp"
    blocked.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"descriptor\.pt cannot be written"):
        recipe.train(places, _one())
    blocked.rmdir()
    recipe.train(places, _one())
    assert load_embedder(places.out, recipe)


def test_a_training_that_did_not_end_cannot_be_used(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    recipe.train(places, _one(), stop_after=1)
    with pytest.raises(NotTrainedError, match=r"holds no descriptor\.pt: train it to the end first"):
        load_embedder(places.out, recipe)
    (places.out / "descriptor.pt").write_bytes(b"no weights")
    with pytest.raises(CorruptError, match=r"descriptor\.pt cannot be read"):
        load_embedder(places.out, recipe)


def test_a_group_of_no_kind_is_refused_by_name(places: Places, small: Fill) -> None:
    recipe = replace(small(ALL), kinds=(Kind(folder="finegrained", directions=8),))
    with pytest.raises(SettingError, match="kinds: firearms/models belongs to none of them"):
        recipe.train(places, _one())
    assert not places.out.exists()


def test_batches_have_each_groups_number_of_pictures_and_no_class_that_is_held_out(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    pictures = open_object_pictures(recipe, places)
    maps = open_object_maps(recipe, start_embedder(recipe), pictures, caches=places.caches)
    held_out = ((recipe.groups[0].source.folder, "odd"),)
    batches = object_batches(replace(recipe, held_out=held_out), pictures, maps)
    assert batches.group.tolist() == [0, 1, 1]
    for step in range(3):
        batch, again = batches[step], batches[step]
        counts = np.bincount(batches.group[batch.label.numpy()])
        assert counts.tolist() == [4, 4]
        assert sum(len(part) for part in batch.maps) == len(batch.label) == 8
        assert all(torch.equal(a, b) for a, b in zip(batch.maps, again.maps, strict=True))
    first, second = (torch.cat([part.flatten() for part in batches[step].maps]) for step in range(2))
    assert not torch.equal(first, second)


def test_maps_are_those_of_the_views_and_are_made_once(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    pictures, model = open_object_pictures(recipe, places), start_embedder(recipe)
    maps = open_object_maps(recipe, model, pictures, caches=places.caches)
    made = {path: path.stat().st_mtime_ns for path in places.caches.rglob("*")}
    again = open_object_maps(recipe, model, pictures, caches=places.caches)
    assert made == {path: path.stat().st_mtime_ns for path in places.caches.rglob("*")}
    np.testing.assert_array_equal(maps.values, again.values)
    for number, rgb in enumerate(pictures.cache):
        with torch.no_grad():
            wanted = model.trunk(torch.from_numpy(at_area(rgb, recipe.area)[None]))
        np.testing.assert_allclose(maps.view(number, 0), wanted[0].numpy(), rtol=2e-3, atol=2e-3)
        views = [maps.view(number, view) for view in range(maps.views)]
        assert maps.views == 3
        assert not any(np.array_equal(one, other) for one, other in combinations(views, 2))


def test_maps_do_not_depend_on_what_learns(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    pictures = open_object_pictures(recipe, places)
    model = start_embedder(recipe)
    open_object_maps(recipe, model, pictures, caches=places.caches)
    with torch.no_grad():
        model.project.weight.add_(1.0)
        model.backbone.head.conv.weight.add_(1.0)
    open_object_maps(recipe, model, pictures, caches=places.caches)
    assert len(list(places.caches.glob("maps-*"))) == 1
    with torch.no_grad():
        model.backbone.stem.conv.weight.add_(1.0)
    open_object_maps(recipe, model, pictures, caches=places.caches)
    assert len(list(places.caches.glob("maps-*"))) == 2


def test_pieces_are_parts_of_the_maps(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    pictures = open_object_pictures(recipe, places)
    maps = open_object_maps(recipe, start_embedder(recipe), pictures, caches=places.caches)
    whole, pieces = (object_batches(replace(recipe, cropped=share), pictures, maps)[0] for share in (0.0, 1.0))
    for one, piece in zip(whole.maps, pieces.maps, strict=True):
        height, width = (round(0.75 * side) for side in one.shape[2:])
        assert piece.shape[2:] == (height, width)
        windows = one.unfold(2, height, 1).unfold(3, width, 1)
        assert any(
            torch.equal(windows[:, :, top, left], piece)
            for top in range(windows.shape[2])
            for left in range(windows.shape[3])
        )


def test_publishes_both_files_and_a_card_that_fits_them(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    model = recipe.train(places, _one(), stop_after=1)
    cache = open_object_pictures(recipe, places).cache
    out = places.out / "shipped"
    agreement = publish_objects(
        model, ObjectRelease(area=recipe.area, dim=recipe.dim, seed=0), cache, out, figures={"birds": 0.5}
    )
    assert agreement.onnx_error < 1e-4
    card = json.loads((out / f"{FILE}.json").read_text())
    assert card["sha256"] == hashlib.sha256((out / card["file"]).read_bytes()).hexdigest()
    assert card["version"].endswith("+" + card["sha256"][:8])
    assert card["terms"] == "research"
    assert card["training_data"][0]["pictures"] == 6
    assert "[n, 8]" in card["output"]
    assert card["figures"]["birds"] == 0.5
    small_model = AreaModel(out / card["file"])
    assert small_model.area == recipe.area
    for number in range(2):
        assert small_model(cache[number]).shape == (8,)
        heat = small_model.heat(cache[number], np.eye(8, dtype=np.float32), area=4 * recipe.area)
        assert heat.shape[2] == 8
        assert np.isfinite(heat).all()


def test_evaluates_the_classes_that_are_held_out(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    folder = recipe.groups[0].source.folder
    apart = replace(recipe, held_out=((folder, "even"), (folder, "odd")))
    apart.train(places, _one())
    found = apart.evaluate(places)
    assert set(found.figures) == {
        f"{what} {folder}{when}" for what in ("mAP", "R@1") for when in ("", ", before training", ", published weights")
    }
    assert all(0 <= value <= 1 for value in found.figures.values())
    assert [one.name for one in found.histograms] == ["published weights", "before training", "after training"]
    assert len(list(places.caches.glob("maps-*"))) == 1  # the evaluation uses the maps of the training
    assert len(found.neighbours) == 6
    with pytest.raises(DataError, match="no class is held out"):
        recipe.evaluate(places)
    card = json.loads(apart.export(places, places.out / "export").with_name(f"{FILE}.json").read_text())
    assert [row["folder"] for row in card["training_data"]] == [recipe.groups[1].source.folder]


def test_what_is_barred_is_not_among_the_pictures(places: Places, small: Fill) -> None:
    recipe = small(ALL)
    barred = f"{recipe.groups[0].source.folder}/1.png"
    there = open_object_pictures(recipe, replace(places, barred=frozenset({barred})))
    assert barred not in there.cache.paths
    assert len(there.cache) == len(open_object_pictures(recipe, places).cache) - 1


def test_of_ones_own_things_a_quarter_is_measured_on_and_does_not_train(places: Places, small: Fill) -> None:
    recipe = small(OWN)
    pictures = open_object_pictures(recipe, places)
    assert [name for _, name in pictures.names] == [f"class {number}" for number in range(4)]
    measured = recipe.measured(pictures)
    assert len(measured) == 2
    assert recipe.measured(pictures) == measured != replace(recipe, seed=3).measured(pictures)
    maps = open_object_maps(recipe, start_embedder(recipe), pictures, caches=places.caches)
    batches = object_batches(recipe, pictures, maps)
    assert {pictures.names[one] for one in batches.classes} == set(pictures.names) - measured
    recipe.train(places, _one())
    card = json.loads(recipe.export(places, places.out / "export").with_name(f"{FILE}.json").read_text())
    assert card["training_data"][0]["pictures"] == 4


def test_ones_own_things_are_whitened_without_a_step(places: Places, small: Fill) -> None:
    made = small(OWN)
    recipe = replace(made, edited_views=OWN.edited_views, descent=OWN.descent)
    model = recipe.train(places, _one())
    pictures = open_object_pictures(recipe, places)
    maps = open_object_maps(recipe, model, pictures, caches=places.caches)
    assert maps.views == 1
    trains = np.flatnonzero(pictures.without(recipe.measured(pictures)))
    plain, label = torch.from_numpy(pooled(model, maps, trains)), torch.from_numpy(pictures.label[trains])
    weight, bias = within_class_whitening(plain.double(), label, torch.zeros_like(label), kept=[8], shrink=0.1)
    found = model.project(plain)
    torch.testing.assert_close(found @ found.T, _gram(plain, weight, bias), rtol=1e-3, atol=1e-4)
    reached = recipe.evaluate(places)
    assert set(reached.figures) == {"mAP", "R@1", "mAP, published weights", "R@1, published weights"}
    assert [one.name for one in reached.histograms] == ["published weights", "whitened"]


def test_too_few_classes_to_measure_on_are_named_with_the_way_out(places: Places, small: Fill) -> None:
    recipe = small(OWN)
    shutil.rmtree(places.data / "class 0")
    with pytest.raises(DataError, match=r"has 3 classes, too few to measure on 2 .* --set measured_share=0 trains on"):
        recipe.train(places, _one())
    assert not places.out.exists()
    assert replace(recipe, measured_share=0.0).train(places, _one(), stop_after=1)
    cv2.imwrite(str(places.data / "beside.png"), np.zeros((48, 48, 3), np.uint8))
    with pytest.raises(DataError, match=r"beside\.png lies in no folder of a class"):
        recipe.train(replace(places, out=places.out / "other"), _one())
