from dataclasses import MISSING, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lynkeus.data.sources import Source
from lynkeus.data.stickers import FOLDER
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.copies import copies_self_distilled
from lynkeus.recipes.copies.copies_self_distilled import RECIPE, SelfDistilledRecipe
from lynkeus.recipes.copies.recipe import open_training_cache, start_model
from lynkeus.recipes.protocol import Places

pytestmark = pytest.mark.torch


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Folders with a few noise pictures."""
    rng = np.random.default_rng(0)
    for folder, channels in (("made", 3), (FOLDER, 4)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(4):
            noise = rng.integers(0, 256, (48, 64, channels), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "data" / folder / f"{number}.png"), noise)
    return Places(data=tmp_path / "data", out=tmp_path / "runs/ssl", caches=tmp_path / "caches")


@pytest.fixture
def small() -> SelfDistilledRecipe:
    network = replace(
        RECIPE.network,
        sources=(Source(folder="made", terms="free", share=1.0),),
        side=64,
        cached_side=64,
        pictures=4,
        dim=3,
        pretrained=False,
        whiten_pictures=0,
        descent=replace(RECIPE.network.descent, steps=3, warmup=1, cooldown=1),
    )
    return replace(RECIPE, network=network, prototypes=8)


def _equal(one: CopyDescriptor, other: CopyDescriptor, *, atol: float) -> None:
    for key, value in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[key], value, rtol=0, atol=atol, msg=key)


def test_no_field_has_a_default_and_the_docstring_has_its_four_lines() -> None:
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(SelfDistilledRecipe))
    for line in ("Source: ", "Expected: ", "Cost: ", "Run: "):
        assert line in (copies_self_distilled.__doc__ or "")


def test_two_steps_change_backbone_layer_prototypes_and_centre(places: Places, small: SelfDistilledRecipe) -> None:
    untrained = small.train(replace(places, out=places.out / "none"), _one(), workers=0, stop_after=0)
    trained = small.train(places, _one(), workers=0, stop_after=2)
    before = torch.load(places.out / "none/checkpoint.ckpt", weights_only=True)["loss"]
    after = torch.load(places.out / "checkpoint.ckpt", weights_only=True)["loss"]
    for key in ("project.weight", "backbone.head.norm.weight"):
        assert not torch.equal(trained.state_dict()[key], untrained.state_dict()[key]), key
    for key in ("head.weight", "slow_head.copy.weight", "slow.copy.project.weight", "loss.centre"):
        assert not torch.equal(after[key], before[key]), key
    assert torch.equal(trained.state_dict()["backbone.stem.conv.weight"], untrained.backbone.stem.conv.weight)


def test_a_resumed_run_equals_the_unbroken_one(places: Places, small: SelfDistilledRecipe) -> None:
    unbroken = small.train(replace(places, out=places.out / "a"), _one(), workers=0)
    small.train(replace(places, out=places.out / "b"), _one(), workers=0, stop_after=1)
    _equal(unbroken, small.train(replace(places, out=places.out / "b"), _one(), workers=0), atol=1e-6)


def test_another_recipe_starts_from_it(places: Places, small: SelfDistilledRecipe) -> None:
    trained = small.train(places, _one(), workers=0, stop_after=1)
    cache = open_training_cache(small.network, places)
    _equal(trained, start_model(replace(small.network, start="ssl"), cache, runs=places.out.parent), atol=0.0)
