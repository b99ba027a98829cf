import hashlib
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lynkeus.data.cache import open_cache
from lynkeus.data.sources import Source, list_pictures
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.copies.copies_free import RECIPE
from lynkeus.recipes.copies.publish import Release, publish
from lynkeus.recipes.copies.recipe import load_model

pytestmark = pytest.mark.torch

RELEASE = Release(name="toy", version="1", recipe="copies_free", side=64)


def test_publishes_both_files_and_a_card_that_fits_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for folder in ("free", "research"):
        (tmp_path / folder).mkdir()
        for number in range(4):
            coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), coarse.repeat(10, 0).repeat(10, 1))
    sources = (
        Source(folder="free", terms="free", share=1.0),
        Source(folder="research", terms="research", share=1.0),
    )
    cache = open_cache(tmp_path, list_pictures(tmp_path, sources), side=80, caches=tmp_path / "caches")
    torch.manual_seed(0)
    agreement = publish(CopyDescriptor(dim=16), RELEASE, cache, tmp_path / "out", figures={"uAP": 0.5})
    assert agreement.onnx_error < 1e-4
    assert agreement.int8_cosine_lowest > 0.9
    card = json.loads((tmp_path / "out/toy.json").read_text())
    file = (tmp_path / "out" / card["file"]).read_bytes()
    assert card["sha256"] == hashlib.sha256(file).hexdigest()
    assert card["terms"] == "research"
    assert card["training_data"][0] == {"folder": "free", "terms": "free", "pictures": 4}
    assert "[n, 64, 64, 3]" in card["input"]
    assert "[n, 16]" in card["output"]
    assert card["figures"]["uAP"] == 0.5


def test_loads_the_slow_copy_where_there_is_one(tmp_path: Path) -> None:
    recipe = replace(RECIPE, dim=4)
    fast, slow = CopyDescriptor(dim=4), CopyDescriptor(dim=4)
    saved = {
        "model": fast.state_dict(),
        "loss": {f"slow.copy.{name}": weight for name, weight in slow.state_dict().items()},
    }
    torch.save(saved, tmp_path / "checkpoint.ckpt")
    for momentum, wanted in ((0.9, slow), (None, fast)):
        one = replace(recipe, objective=replace(recipe.objective, momentum=momentum))
        loaded = load_model(tmp_path, one)
        torch.testing.assert_close(loaded.project.weight, wanted.project.weight)
