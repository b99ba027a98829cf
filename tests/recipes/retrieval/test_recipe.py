import hashlib
import json
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from lightning_fabric import Fabric
from retrieval_made import made_places, made_small
from two_processes import run_two

from lynkeus.core import ConflictError, DataError, NotTrainedError
from lynkeus.models.backbones.efficientnet_lite import lite0_timm_names
from lynkeus.recipes import RECIPES
from lynkeus.recipes.described import described
from lynkeus.recipes.lookup import load_recipe
from lynkeus.recipes.protocol import Places
from lynkeus.recipes.retrieval.batches import Draws, StageBatches
from lynkeus.recipes.retrieval.data import Kept
from lynkeus.recipes.retrieval.evaluation import measured, unit
from lynkeus.recipes.retrieval.recipe import FIRST, RetrievalRecipe, load_embedder, open_all, start_embedder
from lynkeus.recipes.retrieval.stages import Angular, Classification, Margins, SemiHard
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.evaluation import load_evaluation, save_evaluation

pytestmark = pytest.mark.torch

ARMS = {name: recipe for name in RECIPES if isinstance(recipe := load_recipe(name), RetrievalRecipe)}
Fill = Callable[[RetrievalRecipe], RetrievalRecipe]


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def places(shared: Path, tmp_path: Path) -> Places:
    """Pictures and caches shared by all tests, and a separate run folder per test."""
    return replace(made_places(shared), out=tmp_path / "run")


@pytest.fixture
def apart(tmp_path: Path) -> Places:
    """Pictures and caches of one test only, which the test may change."""
    return made_places(tmp_path)


@pytest.fixture
def small(places: Places) -> Fill:
    return lambda recipe: made_small(recipe, places)


def test_all_arms_of_the_method_are_there() -> None:
    assert len(ARMS) == 8


@pytest.mark.parametrize("name", sorted(ARMS))
def test_says_how_it_is_run(name: str) -> None:
    text = described(name).text
    assert f"Run: ``lynkeus train {name}" in text
    assert "EXPECTED" not in text
    assert "COST" not in text


def test_all_arms_see_as_many_pictures() -> None:
    seen = {
        name: (recipe.classify_descent.steps if recipe.classify else 0) + (recipe.descent.steps if recipe.loss else 0)
        for name, recipe in ARMS.items()
    }
    assert len({recipe.pictures for recipe in ARMS.values()}) == 1
    assert seen.pop("deepfirearm_off_the_shelf") == 0
    assert len(set(seen.values())) == 1


def test_no_field_of_a_config_has_a_default() -> None:
    for config in (RetrievalRecipe, Classification, Margins, SemiHard, Angular, Kept):
        assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(config)), config


@pytest.mark.parametrize("name", sorted(ARMS))
def test_trains_two_steps_then_evaluates_and_exports(name: str, places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(ARMS[name])
    before = start_embedder(recipe).state_dict()
    trained = recipe.train(places, fabric, stop_after=2).state_dict()
    changed = {key for key, value in trained.items() if not torch.equal(value, before[key])}
    if name == "deepfirearm_off_the_shelf":
        assert changed == set()
    else:
        assert {"backbone.head.norm.weight", "backbone.blocks.15.expand.conv.weight"} <= changed
        assert not any("running" in key or "stem" in key or "blocks.14." in key for key in changed)
    loaded = load_embedder(recipe, places.out).state_dict()
    assert all(torch.equal(value, loaded[key]) for key, value in trained.items())
    evaluation = recipe.evaluate(places)
    assert {"mAP (trapezoid)", "mAP (plain)", "R@1", "R@8", "R@1, PCA 4", "R@1, before training"} <= set(
        evaluation.figures
    )
    assert evaluation.figures["pictures left out"] == 0


def test_the_network_of_the_source_trains_as_well(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(ARMS["deepfirearm_retr_d"]), embedder="vgg16_mac", frozen_blocks=12, dim=None)
    before = start_embedder(recipe).state_dict()
    trained = recipe.train(places, fabric, stop_after=1).state_dict()
    changed = {key for key, value in trained.items() if not torch.equal(value, before[key])}
    assert changed == {"backbone.blocks.12.conv.weight", "backbone.blocks.12.conv.bias"}
    assert 0 <= recipe.evaluate(places).figures["R@1"] <= 1


def test_an_evaluation_has_distances_and_first_hits_and_can_be_kept(
    places: Places, small: Fill, fabric: Fabric
) -> None:
    recipe = small(ARMS["deepfirearm"])
    recipe.train(places, fabric)
    evaluation = recipe.evaluate(places)
    save_evaluation(evaluation, places.out)
    again = load_evaluation(places.out)
    assert again is not None
    assert again.figures == pytest.approx(dict(evaluation.figures))
    assert [one.name for one in again.histograms] == ["before training", "after training"]
    for one in again.histograms:
        assert one.same.sum() == 2 * (4 * 3 // 2)
        assert one.different.sum() == 4 * 4
    assert len(again.neighbours) == 8
    for row in again.neighbours:
        assert len(row.hits) == 7
        assert [hit.score for hit in row.hits] == sorted((hit.score for hit in row.hits), reverse=True)
        assert sum(hit.right for hit in row.hits) == 3
        assert all(hit.right == (hit.label == row.label) for hit in row.hits)


@pytest.mark.parametrize("dim", [None, 4])
def test_exports_what_torch_gives_with_its_card(dim: int | None, places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), dim=dim)
    recipe.train(places, fabric)
    file = recipe.export(places, places.out / "shipped")
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert card["terms"] == "research"
    assert [row["pictures"] for row in card["training_data"]] == [12, 8]
    assert f"[n, {dim or 1280}]" in card["output"]
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 96, 3), dtype=np.uint8)
    found = np.asarray(ort.InferenceSession(str(file)).run(None, {"pixels": pixels})[0])
    assert found.shape == (1, dim or 1280)
    np.testing.assert_allclose(np.linalg.norm(found), 1, rtol=1e-5)
    if dim is None:
        with torch.no_grad():
            wanted = load_embedder(recipe, places.out)(torch.from_numpy(pixels)).numpy()
        np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_card_of_weights_from_a_file_does_not_claim_their_licence(
    places: Places, small: Fill, fabric: Fabric, tmp_path: Path
) -> None:
    recipe = small(ARMS["deepfirearm_off_the_shelf"])
    weights = start_embedder(recipe).get_submodule("backbone").state_dict()
    torch.save({lite0_timm_names()[name]: value for name, value in weights.items()}, tmp_path / "theirs.pth")
    recipe = replace(recipe, weights=str(tmp_path / "theirs.pth"))
    recipe.train(places, fabric)
    card = json.loads(recipe.export(places, places.out / "shipped").with_suffix(".json").read_text())
    assert card["licence"] == "that of the weights it began with (theirs.pth)"


def test_one_process_and_two_give_the_same_descriptors(apart: Places, fabric: Fabric) -> None:
    recipe = made_small(ARMS["deepfirearm"], apart)
    alone = recipe.train(replace(apart, out=apart.out.parent / "one"), fabric)
    run_two(Path(__file__).parents[1] / "retrieval_made.py", str(apart.out.parent))
    together = start_embedder(recipe)
    before = pooled(together, open_all(recipe, apart).maps, np.arange(28))
    together.load_state_dict(torch.load(apart.out / "weights.pt", weights_only=True))
    one, two = (pooled(model, open_all(recipe, apart).maps, np.arange(28)) for model in (alone, together))
    moved = np.abs(before - one).max()
    assert np.abs(one - two).max() < moved / 100


def test_evaluating_before_training_says_so(places: Places, small: Fill) -> None:
    with pytest.raises(NotTrainedError, match="no checkpoint"):
        small(ARMS["deepfirearm"]).evaluate(places)


def test_a_resumed_training_equals_the_unbroken_one_in_both_stages(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(ARMS["deepfirearm"])
    recipe = replace(
        recipe,
        classify_descent=replace(recipe.classify_descent, steps=2),
        descent=replace(recipe.descent, steps=2),
    )
    unbroken = recipe.train(replace(places, out=places.out / "a"), fabric).state_dict()
    for stop in (1, 3, None):
        resumed = recipe.train(replace(places, out=places.out / "b"), fabric, stop_after=stop).state_dict()
        there = (places.out / "b" / "checkpoint.ckpt").exists()
        assert there == (stop != 1)
    assert (places.out / "b" / FIRST / "checkpoint.ckpt").exists()
    for key, value in unbroken.items():
        torch.testing.assert_close(resumed[key], value, rtol=0, atol=1e-6, msg=key)


def test_a_run_refuses_other_margins(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(ARMS["deepfirearm_retr_d"])
    recipe.train(places, fabric, stop_after=1)
    assert isinstance(recipe.loss, Margins)
    with pytest.raises(ConflictError, match="loss differ"):
        replace(recipe, loss=replace(recipe.loss, pull=0.7)).train(places, fabric)


@pytest.mark.parametrize(("pull", "push"), [(1.2, 1.2), (1.3, 1.2), (-0.1, 1.2)])
def test_refuses_margins_that_ask_for_the_impossible(pull: float, push: float) -> None:
    loss = ARMS["deepfirearm"].loss
    assert isinstance(loss, Margins)
    with pytest.raises(ValueError, match=f"pull is {pull} and push {push}"):
        replace(loss, pull=pull, push=push)


def test_refuses_an_odd_number_of_pictures_and_groups_without_what_they_keep() -> None:
    with pytest.raises(ValueError, match="7 pictures per step"):
        replace(ARMS["deepfirearm"], pictures=7)
    with pytest.raises(ValueError, match="2 groups, but 1"):
        replace(ARMS["deepfirearm"], kept=(Kept(val=0, test=1),))


def test_no_class_is_in_two_parts_and_all_are_in_one(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=1, test=2), Kept(val=0, test=0)))
    split = open_all(recipe, places).split
    parts = [set(split.of_part(part).tolist()) for part in ("train", "val", "test")]
    assert [len(part) for part in parts] == [16, 4, 8]
    assert set.union(*parts) == set(range(28))
    assert split.groups("test") == [0]
    assert open_all(replace(recipe, seed=1), places).split.part != split.part


def _rewrite(places: Places, recipe: RetrievalRecipe, change: Callable[[list[str]], list[str]]) -> None:
    table = places.data / recipe.groups[0].where
    table.write_text("\n".join(change(table.read_text().splitlines())) + "\n")


def test_a_class_without_a_picture_is_named(apart: Places) -> None:
    recipe = made_small(ARMS["deepfirearm"], apart)
    _rewrite(apart, recipe, lambda rows: [*rows, "models/gone.png,class of none"])
    with pytest.raises(DataError, match=r"class 'class of none' of firearms/models\.csv has 0 pictures"):
        open_all(recipe, apart)


def test_a_class_with_one_picture_cannot_train_and_is_named(apart: Places) -> None:
    recipe = replace(made_small(ARMS["deepfirearm"], apart), kept=(Kept(val=0, test=0), Kept(val=0, test=0)))
    _rewrite(apart, recipe, lambda rows: rows[:-3])
    with pytest.raises(DataError, match=r"class 'class 4' of firearms/models\.csv has 1 pictures"):
        open_all(recipe, apart)


def test_what_is_barred_does_not_train_and_is_measured(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(ARMS["deepfirearm"])
    paths = open_all(recipe, places).split.pictures.cache.paths
    split = open_all(recipe, places).split
    trained, asked = split.of_part("train"), split.of_part("test")
    barring = replace(places, barred=frozenset({paths[trained[0]], paths[asked[0]]}))
    without = open_all(recipe, barring).split
    assert without.of_part("train").tolist() == trained[1:].tolist()
    assert without.of_part("test").tolist() == asked.tolist()
    recipe.train(places, fabric, stop_after=1)
    with pytest.raises(ConflictError, match="barred differ"):
        recipe.train(barring, fabric)
    label = split.pictures.label
    whole = frozenset(paths[one] for one in trained[label[trained] == label[trained[0]]])
    with pytest.raises(DataError, match="has 0 pictures that can be read and used"):
        open_all(recipe, replace(places, barred=whole))


def test_too_few_classes_for_what_is_kept_are_refused(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=2, test=2), Kept(val=0, test=0)))
    with pytest.raises(DataError, match=r"has 5 classes; 2 for choosing and 2 for evaluation leave"):
        open_all(recipe, places)


def test_broken_pictures_are_left_out_and_named_and_the_rest_trains(
    apart: Places, fabric: Fabric, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = made_small(ARMS["deepfirearm"], apart)
    (apart.data / "firearms/models/3.png").write_bytes(b"no picture")
    recipe.train(apart, fabric)
    assert "left out firearms/models/3.png" in capsys.readouterr().out
    assert open_all(recipe, apart).split.left_out == ("firearms/models/3.png",)
    assert recipe.evaluate(apart).figures["pictures left out"] == 1


def test_nothing_to_measure_is_said(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=0, test=0), Kept(val=0, test=0)))
    recipe.train(places, fabric)
    with pytest.raises(DataError, match="no class is kept for evaluation"):
        recipe.evaluate(places)


@pytest.mark.parametrize("world", [1, 2])
def test_the_maps_of_a_step_come_into_the_order_of_its_pictures(world: int, places: Places, small: Fill) -> None:
    recipe = small(ARMS["deepfirearm"])
    opened = open_all(recipe, places)
    label = opened.split.pictures.label
    stage = Classification(dropout=0.0)
    draws = Draws(stage, [np.arange(28)], label, pictures=8, steps=2, views=2, seed=0)
    drawn = draws[1]
    found: list[float] = []
    for rank in range(world):
        batch = StageBatches(draws, opened.maps, label, rank=rank, world=world)[1]
        assert len(batch.parts) > 1
        assert batch.label.tolist() == label[drawn.numbers].tolist()
        means = torch.cat([part.mean(dim=(1, 2, 3)) for part in batch.parts])
        found += means[batch.order].tolist()
    pairs = zip(drawn.numbers.tolist(), drawn.views.tolist(), strict=True)
    wanted = [float(opened.maps.view(number, view).astype(np.float32).mean()) for number, view in pairs]
    assert found == pytest.approx(wanted, rel=1e-4)
    assert len(set(wanted)) > 4


def test_figures_are_means_over_the_groups(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=0, test=2), Kept(val=0, test=0)))
    opened = open_all(recipe, places)
    asked = opened.split.of_part("train")
    vectors = unit(pooled(start_embedder(recipe), opened.maps, asked))
    group = opened.split.group[opened.split.pictures.label[asked]]
    apart = [measured(vectors[group == one], opened.split, asked[group == one])["R@1"] for one in (0, 1)]
    assert measured(vectors, opened.split, asked)["R@1"] == pytest.approx(np.mean(apart))
