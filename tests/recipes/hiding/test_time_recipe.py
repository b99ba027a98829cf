"""The recipe of Hide-and-Seek in time, on made clips."""

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from lynkeus.core import NotTrainedError
from lynkeus.data.splices import SplicePlan, TimeHiding
from lynkeus.recipes.hiding.hiding_actions import RECIPE
from lynkeus.recipes.hiding.time_recipe import TimeBatches, TimeRecipe, open_clips
from lynkeus.recipes.protocol import Places

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Clips of plain colours; one clip is broken."""
    found = Places(data=tmp_path / "data", out=tmp_path / "run", caches=tmp_path / "caches")
    folder = found.data / RECIPE.clips.folder
    folder.mkdir(parents=True)
    rows: list[dict[str, str]] = []
    for clip in range(6):
        writer = cv2.VideoWriter(str(folder / f"{clip}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 4.0, (32, 32))
        rng = np.random.default_rng(clip)
        colour = rng.integers(0, 200, (1, 1, 3))
        for _ in range(16):
            writer.write((colour + rng.integers(0, 40, (32, 32, 3))).astype(np.uint8))
        writer.release()
        rows.append({"file": f"{clip}.avi", "group": f"g{clip}"})
    (folder / "broken.avi").write_bytes(b"no clip")
    rows.append({"file": "broken.avi", "group": "broken"})
    (folder / "videos.json").write_text(json.dumps(rows))
    return found


@pytest.fixture
def small() -> TimeRecipe:
    plan = SplicePlan(classes=2, sharing=2, length=24, part=(4, 6), piece=(3, 6))
    descent = replace(RECIPE.descent, steps=3, warmup=1, cooldown=1)
    return replace(
        RECIPE, side=32, pretrained=False, plan=plan, choosing=6, tested=8, batch=4, width=8, descent=descent
    )


def test_no_field_of_the_config_has_a_default() -> None:
    assert all(f.default is MISSING and f.default_factory is MISSING for f in fields(TimeRecipe))


def test_runs_two_steps_on_made_clips_and_leaves_the_backbone(
    places: Places, small: TimeRecipe, fabric: Fabric, capfd: pytest.CaptureFixture[str]
) -> None:
    untrained = small.train(replace(places, out=places.out / "none"), fabric, stop_after=0).state_dict()
    written = capfd.readouterr()
    assert "left out broken.avi" in written.out + written.err
    trained = small.train(places, fabric, stop_after=2).state_dict()
    changed = {key for key, value in trained.items() if not torch.equal(value, untrained[key])}
    assert changed == {f"temporal.{part}.{one}" for part in ("filter", "classify") for one in ("weight", "bias")}
    found = small.evaluate(places)
    assert {"mAP at 0.1", "mAP at 0.5", "telling parts found", "shared parts found", "top-1"} <= set(found.figures)
    assert all(0 <= value <= 1 for value in found.figures.values())


def test_a_resumed_training_equals_the_unbroken_one(places: Places, small: TimeRecipe, fabric: Fabric) -> None:
    unbroken = small.train(replace(places, out=places.out / "a"), fabric)
    small.train(replace(places, out=places.out / "b"), fabric, stop_after=1)
    resumed = small.train(replace(places, out=places.out / "b"), fabric)
    for key, value in unbroken.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6, msg=key)


def test_each_video_has_a_mask_of_its_own_from_seed_and_number(places: Places, small: TimeRecipe) -> None:
    clips = open_clips(small, places)
    one, same = (TimeBatches(small, clips)[3] for _ in range(2))
    assert torch.equal(one.hidden, same.hidden)
    assert torch.equal(one.frames, same.frames)
    assert not torch.equal(one.hidden[0], one.hidden[1])
    assert not torch.equal(one.hidden, TimeBatches(small, clips)[4].hidden)
    plain = TimeBatches(replace(small, augment=TimeHiding(p=0.0, segment=4)), clips)[3]
    assert not plain.hidden.any()
    assert torch.equal(plain.frames, one.frames)


def test_learns_and_finds_the_actions(places: Places, small: TimeRecipe, fabric: Fabric) -> None:
    recipe = replace(small, descent=replace(small.descent, steps=120, cooldown=60, head_rate=5e-3), batch=8)
    recipe.train(places, fabric)
    figures = recipe.evaluate(places).figures
    assert figures["top-1"] == 1.0
    assert figures["mAP at 0.1"] > 0.5


def test_exports_backbone_and_all(places: Places, small: TimeRecipe, fabric: Fabric) -> None:
    with pytest.raises(NotTrainedError, match="train it first"):
        small.evaluate(places)
    small.train(places, fabric, stop_after=1)
    file = small.export(places, places.out / "shipped")
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["figures"]["export"]["onnx_error"] < 1e-4
    assert card["training_data"][0]["pictures"] == 6


def test_too_few_clips_are_an_error(places: Places, small: TimeRecipe, fabric: Fabric) -> None:
    with pytest.raises(ValueError, match="6 clips, wanted at least"):
        replace(small, plan=replace(small.plan, classes=6)).train(places, fabric)
