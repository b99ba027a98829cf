"""Models of the user's own in a home, also as version 0.1.0 left them before there was in-use.json."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import CorruptError
from lynkeus.kinds.objects.embedder import DESCRIPTOR
from lynkeus.kinds.objects.recogniser import CLEAN
from lynkeus.runtime.cards import card
from lynkeus.runtime.models_in_use import FOLDER, ModelsInUse, in_use, put, put_back

_ITEMS = {"d" * 64: {"vector@abc": b"12"}, "e" * 64: {"vector@abc": b"34"}}


def _own(folder: Path) -> Path:
    """The card of a model that is that which ships, with another digest."""
    shipped = card(DESCRIPTOR)
    (folder / "own.onnx").write_bytes(shipped.path.read_bytes())
    (folder / "own.json").write_text(json.dumps(asdict(shipped) | {"file": "own.onnx", "version": "own-1"}))
    return folder / "own.json"


def test_a_model_takes_the_place_of_one_that_ships_and_gives_it_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert ModelsInUse(home)(DESCRIPTOR) == card(DESCRIPTOR)
    model = json.loads(_own(tmp_path).read_text())
    put(home, card(DESCRIPTOR), card(CLEAN), _ITEMS, 384)
    used = ModelsInUse(home)
    assert used(DESCRIPTOR).sha256 == model["sha256"]
    assert used.clean_items(DESCRIPTOR) == _ITEMS
    assert np.load(used(CLEAN).path).shape == (0, 384)
    assert in_use(home, card(DESCRIPTOR))
    assert {each.name for each in used.all_cards()} >= {DESCRIPTOR, CLEAN, "copy-descriptor"}
    put_back(home, (DESCRIPTOR, CLEAN))
    assert ModelsInUse(home)(DESCRIPTOR) == card(DESCRIPTOR)
    assert ModelsInUse(home).clean_items(DESCRIPTOR) == {}
    assert [path.name for path in (home / FOLDER).iterdir()] == ["in-use.json"]


def test_a_home_from_before_goes_on_with_its_own_model(tmp_path: Path) -> None:
    home, shipped = tmp_path / "home", card(DESCRIPTOR)
    folder = home / FOLDER / shipped.maker
    folder.mkdir(parents=True)
    (folder / f"{DESCRIPTOR}.onnx").write_bytes(shipped.path.read_bytes())
    (folder / f"{DESCRIPTOR}.json").write_text(json.dumps(asdict(shipped) | {"file": f"{DESCRIPTOR}.onnx"}))
    vectors = np.arange(8, dtype=np.float16).reshape(2, 4)
    np.savez(folder / f"{CLEAN}.npz", vectors=vectors, digests=np.array(["d" * 64, "e" * 64]))
    (folder / f"{CLEAN}.json").write_text(json.dumps(asdict(card(CLEAN)) | {"file": f"{CLEAN}.npz"}))
    (home / FOLDER / "objects-in-use").write_text(f"{shipped.maker}\n")
    for _ in range(2):  # the second time the home is converted
        used = ModelsInUse(home)
        assert used(DESCRIPTOR).path == (folder / f"{DESCRIPTOR}.onnx").absolute()
        item = f"vector@{shipped.maker}"
        assert used.clean_items(DESCRIPTOR) == {
            "d" * 64: {item: vectors[0].tobytes()},
            "e" * 64: {item: vectors[1].tobytes()},
        }
        assert np.load(used(CLEAN).path).shape == (0, 4)
    assert not (home / FOLDER / "objects-in-use").exists()


@pytest.mark.parametrize("torn", ["", "[]", '{"object-descriptor": 3'])
def test_a_damaged_list_of_models_is_told(tmp_path: Path, torn: str) -> None:
    put(tmp_path, card(DESCRIPTOR), card(CLEAN), _ITEMS, 384)
    (tmp_path / FOLDER / "in-use.json").write_text(torn)
    with pytest.raises(CorruptError, match=r"in-use\.json: does not name the models in use"):
        ModelsInUse(tmp_path)
    put_back(tmp_path, (DESCRIPTOR, CLEAN))
    assert ModelsInUse(tmp_path)(DESCRIPTOR) == card(DESCRIPTOR)


def test_no_folder_outside_the_home_is_read(tmp_path: Path) -> None:
    put(tmp_path / "home", card(DESCRIPTOR), card(CLEAN), _ITEMS, 384)
    (tmp_path / "home" / FOLDER / "in-use.json").write_text(json.dumps({DESCRIPTOR: "../../elsewhere"}))
    with pytest.raises(CorruptError, match="home/models/elsewhere"):
        ModelsInUse(tmp_path / "home")(DESCRIPTOR)
