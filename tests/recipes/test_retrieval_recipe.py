import hashlib
import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from lightning_fabric import Fabric
from retrieval_made import made_places, made_small

from lynkeus.core import ConflictError, DataError, NotTrainedError
from lynkeus.recipes import RECIPES, Places
from lynkeus.recipes.retrieval import FIRST, RetrievalRecipe, load_embedder, open_all, start_embedder
from lynkeus.recipes.retrieval_data import Kept, open_split
from lynkeus.recipes.retrieval_evaluation import measured, pair_distances, unit
from lynkeus.recipes.retrieval_stages import Angular, Classification, Draws, Margins, SemiHard, StageObjective
from lynkeus.recipes.view_maps import pooled
from lynkeus.report.laboratory.evaluation import load_evaluation, save_evaluation

pytestmark = pytest.mark.torch

ARMS = {name: recipe for name, recipe in RECIPES.items() if isinstance(recipe, RetrievalRecipe)}
Fill = Callable[[RetrievalRecipe], RetrievalRecipe]


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return made_places(tmp_path)


@pytest.fixture
def small(places: Places) -> Fill:
    return lambda recipe: made_small(recipe, places)


def test_all_arms_of_the_method_are_there() -> None:
    assert len(ARMS) == 8


@pytest.mark.parametrize("name", sorted(ARMS))
def test_says_how_it_is_run(name: str) -> None:
    text = importlib.import_module(f"lynkeus.recipes.{name}").__doc__ or ""
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


def test_one_process_and_two_give_the_same_descriptors(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = small(ARMS["deepfirearm"])
    alone = recipe.train(replace(places, out=places.out.parent / "one"), fabric)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("retrieval_made.py")), str(places.out.parent)]
    ranks = [
        subprocess.Popen(
            command,
            env={**os.environ, **place, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [rank.communicate(timeout=200)[1] for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert [rank.returncode for rank in ranks] == [0, 0], said
    together = start_embedder(recipe)
    before = pooled(together, open_all(recipe, places).maps, np.arange(28))
    together.load_state_dict(torch.load(places.out / "weights.pt", weights_only=True))
    one, two = (pooled(model, open_all(recipe, places).maps, np.arange(28)) for model in (alone, together))
    apart = np.abs(before - one).max()
    assert np.abs(one - two).max() < apart / 100


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
    with pytest.raises(ValueError, match="7 pictures a step"):
        replace(ARMS["deepfirearm"], pictures=7)
    with pytest.raises(ValueError, match="2 groups and 1"):
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
    table = places.data / recipe.groups[0].table
    table.write_text("\n".join(change(table.read_text().splitlines())) + "\n")


def test_a_class_without_a_picture_is_named(places: Places, small: Fill) -> None:
    recipe = small(ARMS["deepfirearm"])
    _rewrite(places, recipe, lambda rows: [*rows, "models/gone.png,class of none"])
    with pytest.raises(DataError, match=r"class 'class of none' of firearms/models\.csv has 0 pictures"):
        open_all(recipe, places)


def test_a_class_with_one_picture_cannot_train_and_is_named(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=0, test=0), Kept(val=0, test=0)))
    _rewrite(places, recipe, lambda rows: rows[:-3])
    with pytest.raises(DataError, match=r"class 'class 4' of firearms/models\.csv has 1 pictures"):
        open_all(recipe, places)


def test_too_few_classes_for_what_is_kept_are_refused(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=2, test=2), Kept(val=0, test=0)))
    with pytest.raises(DataError, match=r"has 5 classes; 2 for choices and 2 for measuring leave"):
        open_all(recipe, places)


def test_broken_pictures_are_left_out_and_named_and_the_rest_trains(
    places: Places, small: Fill, fabric: Fabric, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = small(ARMS["deepfirearm"])
    (places.data / "firearms/models/3.png").write_bytes(b"no picture")
    recipe.train(places, fabric)
    assert "left out firearms/models/3.png" in capsys.readouterr().out
    assert open_all(recipe, places).split.left_out == ("firearms/models/3.png",)
    assert recipe.evaluate(places).figures["pictures left out"] == 1


def test_nothing_to_measure_is_said(places: Places, small: Fill, fabric: Fabric) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=0, test=0), Kept(val=0, test=0)))
    recipe.train(places, fabric)
    with pytest.raises(DataError, match="no class is kept for measuring"):
        recipe.evaluate(places)


@pytest.mark.parametrize(
    "stage",
    [
        Classification(dropout=0.0),
        Margins(pull=0.8, push=1.2, positives=9, negatives=9, every=2),
        SemiHard(margin=0.2, each=2),
        Angular(scale=32.0, margin=0.3),
    ],
    ids=lambda stage: type(stage).__name__,
)
def test_a_step_shows_pictures_of_one_group_and_follows_from_its_number(
    stage: Classification | Margins | SemiHard | Angular,
) -> None:
    label = np.repeat(np.arange(9), 5)
    numbers = [np.flatnonzero(label < 6), np.flatnonzero(label >= 6)]

    def draws(seed: int) -> Draws:
        return Draws(stage, numbers, label, pictures=8, steps=40, views=3, seed=seed)

    one, other = draws(0), draws(0)
    backwards = {step: other[step] for step in reversed(range(40))}
    groups: list[int] = []
    for step in range(40):
        drawn = one[step]
        groups.append(drawn.group)
        assert np.isin(drawn.numbers, numbers[drawn.group]).all()
        assert len(drawn.numbers) == len(drawn.views) == 8 or isinstance(stage, SemiHard)
        assert drawn.views.max() < 3
        assert drawn.numbers.tolist() == backwards[step].numbers.tolist()
        assert drawn.views.tolist() == backwards[step].views.tolist()
        if isinstance(stage, SemiHard):
            assert np.bincount(label[drawn.numbers])[label[drawn.numbers]].min() > 1
    assert 0.5 < groups.count(0) / 40 < 0.85
    assert any(draws(1)[step].numbers.tolist() != one[step].numbers.tolist() for step in range(3))


def test_pairs_are_of_one_class_where_the_draw_says_so_and_pull_and_push_accordingly() -> None:
    stage = Margins(pull=0.8, push=1.2, positives=9, negatives=9, every=2)
    objective = StageObjective(stage, dim=3, counts=[[2, 2]])
    near, far = torch.eye(3)[0], torch.eye(3)[1]
    features = torch.stack([near, near, 5 * near, far])
    same = objective(features, torch.tensor([0, 0, 0, 0]), 0)
    different = objective(features, torch.tensor([0, 0, 1, 1]), 0)
    distance = 2**0.5
    assert same.item() == pytest.approx(0.5 * (distance - 0.8) ** 2 / 2, abs=1e-4)
    assert different.item() == pytest.approx(0.5 * 1.2**2 / 2, abs=1e-4)


def test_directions_of_classes_begin_at_the_means_of_their_pictures() -> None:
    objective = StageObjective(Angular(scale=8.0, margin=0.0), dim=2, counts=[[1], [2, 2]])
    features = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0], [0.0, 1.0]])
    objective.centre(1, features, torch.tensor([0, 0, 1, 1]))
    weight = objective.losses[1].get_submodule("centres").get_parameter("weight")
    torch.testing.assert_close(weight, torch.tensor([[0.5**0.5, 0.5**0.5], [0.0, 1.0]]))


def test_figures_are_means_over_the_groups(places: Places, small: Fill) -> None:
    recipe = replace(small(ARMS["deepfirearm"]), kept=(Kept(val=0, test=2), Kept(val=0, test=0)))
    opened = open_all(recipe, places)
    asked = opened.split.of_part("train")
    vectors = unit(pooled(start_embedder(recipe), opened.maps, asked))
    group = opened.split.group[opened.split.pictures.label[asked]]
    apart = [measured(vectors[group == one], opened.split, asked[group == one])["R@1"] for one in (0, 1)]
    assert measured(vectors, opened.split, asked)["R@1"] == pytest.approx(np.mean(apart))


def test_distances_are_those_of_the_vectors() -> None:
    vectors = unit(np.random.default_rng(0).random((7, 5), dtype=np.float32))
    label = np.array([0, 0, 1, 1, 1, 2, 2])
    distance, same = pair_distances(vectors, label)
    pairs = [(a, b) for a in range(7) for b in range(a + 1, 7)]
    wanted = [np.linalg.norm(vectors[a] - vectors[b]) for a, b in pairs]
    np.testing.assert_allclose(distance, wanted, atol=1e-3)
    assert same.tolist() == [bool(label[a] == label[b]) for a, b in pairs]


def test_the_split_of_another_seed_is_another(places: Places, small: Fill) -> None:
    recipe = small(ARMS["deepfirearm"])
    parts = {
        open_split(places.data, recipe.groups, recipe.kept, side=96, caches=places.caches, seed=seed).part
        for seed in range(4)
    }
    assert len(parts) > 1
