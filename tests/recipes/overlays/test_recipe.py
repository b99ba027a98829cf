import hashlib
import json
from dataclasses import MISSING, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lynkeus.data.scene_batches import PictureDraw, SceneBatch, SceneBatches
from lynkeus.data.stickers import FOLDER
from lynkeus.recipes.overlays import overlay_finder
from lynkeus.recipes.overlays.overlay_finder import RECIPE
from lynkeus.recipes.overlays.publish import FILE, OverlayRelease, publish_overlays
from lynkeus.recipes.overlays.recipe import OverlayRecipe, load_detector, open_overlay_cache, scene_maker
from lynkeus.recipes.protocol import Places

pytestmark = pytest.mark.torch


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")


@pytest.fixture
def small(places: Places) -> OverlayRecipe:
    """A small version of the recipe, with noise in two of its folders."""
    rng = np.random.default_rng(0)
    sources = tuple(source for source in RECIPE.sources if source.role is None)[:2]
    for folder, channels in ((sources[0].folder, 3), (sources[1].folder, 3), (FOLDER, 4)):
        (places.data / folder).mkdir(parents=True)
        for number in range(6):
            noise = rng.integers(0, 256, (48, 64, channels), dtype=np.uint8)
            cv2.imwrite(str(places.data / folder / f"{number}.png"), noise)
    descent = replace(RECIPE.descent, steps=3, warmup=1, cooldown=1)
    changed = {"held_out": 1000, "scene_side": 64, "sides": ((0, 64), (2, 96)), "scenes": 2, "width": 16}
    return replace(RECIPE, sources=sources, cached_side=64, pretrained=False, descent=descent, **changed)


def test_says_where_it_comes_from_what_to_expect_what_it_costs_and_how_to_run_it() -> None:
    text = overlay_finder.__doc__ or ""
    for line in ("Source: ", "Expected: ", "Cost: ", "Run: "):
        assert line in text
    assert "to be measured" not in text


def test_no_field_of_the_config_has_a_default() -> None:
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(OverlayRecipe))


def test_runs_two_steps_on_made_pictures(places: Places, small: OverlayRecipe) -> None:
    untrained = small.train(replace(places, out=places.out / "none"), _one(), stop_after=0)
    trained = small.train(places, _one(), stop_after=2)
    before = untrained.state_dict()
    changed = {key for key, value in trained.state_dict().items() if not torch.equal(value, before[key])}
    assert {"sides.weight", "centre.weight", "blocks.10.project.conv.weight", "last.mix.norm.running_mean"} <= changed
    assert not any(key.startswith(("stem", "blocks.0.", "blocks.2.")) for key in changed)
    assert not any(key.startswith("blocks") and "running" in key for key in changed)


def test_a_resumed_training_equals_the_unbroken_one(places: Places, small: OverlayRecipe) -> None:
    unbroken = small.train(replace(places, out=places.out / "a"), _one())
    small.train(replace(places, out=places.out / "b"), _one(), stop_after=1)
    resumed = small.train(replace(places, out=places.out / "b"), _one())
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_the_loss_goes_down_on_a_batch_that_is_shown_again(
    places: Places, small: OverlayRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = SceneBatches.__getitem__

    def first(batches: SceneBatches, _: int) -> SceneBatch:
        return make(batches, 0)

    monkeypatch.setattr(SceneBatches, "__getitem__", first)
    longer = replace(small, scenes=4, descent=replace(small.descent, steps=20))
    longer.train(places, _one())
    rows = [json.loads(line)["loss"] for line in (places.out / "log.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    assert rows[1] < rows[0]


def test_publishes_both_files_and_a_card_that_fits_them(places: Places, small: OverlayRecipe) -> None:
    small.train(places, _one(), stop_after=1)
    model = load_detector(places.out, small)
    cache = open_overlay_cache(small, places)
    out = places.out / "shipped"
    make, draw = scene_maker(small, cache, places), PictureDraw(cache, one_in=small.held_out)
    release = OverlayRelease(side=96, seed=0)
    agreement = publish_overlays(model, release, make, draw, out, figures={"recall": 0.5})
    assert agreement.onnx_error < 1e-4
    card = json.loads((out / f"{FILE}.json").read_text())
    assert card["sha256"] == hashlib.sha256((out / card["file"]).read_bytes()).hexdigest()
    assert card["version"] == f"overlay-finder-1+{card['sha256'][:8]}"
    assert card["terms"] == "research"
    assert card["training_data"][0]["pictures"] == 6
    assert "[n, 96, 96, 3]" in card["input"]
    assert "[n, 144, 5]" in card["output"]
    assert card["figures"]["recall"] == 0.5
