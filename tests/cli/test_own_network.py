"""The user's own model of objects: put into use, taken back, damaged, and changed while a command runs."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from commands import rows, run

from lynkeus.catalog import Owner
from lynkeus.core import ConflictError
from lynkeus.core.folders import Entry, walk
from lynkeus.kinds.objects.embedder import DESCRIPTOR
from lynkeus.models.export import INPUT
from lynkeus.runtime.area import AREA, HEAT, TOWARDS
from lynkeus.runtime.cards import card, exported_card
from lynkeus.scan.clean_pictures import halves
from lynkeus.scan.home import CATALOG, Home
from lynkeus.scan.refresh import change
from lynkeus.scan.register import Registration


@pytest.fixture
def home(things: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(things / "home", tmp_path / "home"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of the user's own network: the shipped network at an input of 192 x 192 pixels."""
    folder = tmp_path_factory.mktemp("own")
    graph = onnx.load(str(card(DESCRIPTOR).path))
    onnx.helper.set_model_props(graph, {AREA: str(192 * 192)})
    onnx.save(graph, str(folder / "own.onnx"))
    digest = hashlib.sha256((folder / "own.onnx").read_bytes()).hexdigest()
    fields = asdict(card(DESCRIPTOR)) | {"file": "own.onnx", "sha256": digest, "version": "own-1", "terms": "free"}
    (folder / "own.json").write_text(json.dumps(fields))
    return folder / "own.json"


def _found(home: Path, uploads: Path) -> dict[str, list[tuple[str, float]]]:
    told = rows(run(home, "scan", uploads, "--json", "-", code=1))
    return {Path(row["upload"]).stem: [(each["entity"], each["score"]) for each in row["findings"]] for row in told}


def test_a_network_of_ones_own_recognises_what_was_registered_before(home: Path, things: Path, own: Path) -> None:
    before = _found(home, things / "uploads")
    done = json.loads(run(home, "models", "use", own, "--json").stdout)
    assert (done["version"], done["in_use"]) == ("own-1", True)
    assert (done["files"], done["thumbnails"], done["lost"]) == (2, [], [])
    assert "own-1" in run(home, "models", "list").stdout
    run(home, "models", "verify")
    after = _found(home, things / "uploads")
    names = {upload: [name for name, _ in found] for upload, found in before.items()}
    assert names == {upload: [name for name, _ in found] for upload, found in after.items()}
    assert before["bridge"][0][1] != after["bridge"][0][1]
    run(home, "register", things / "later", "--gallery", "things")
    assert [name for name, _ in _found(home, things / "uploads")["cat"]] == ["cat"]
    done = json.loads(run(home, "models", "use", "--shipped", "--json").stdout)
    assert done["files"] == 1  # the vectors of the shipped network were kept
    assert _found(home, things / "uploads")["bridge"] == before["bridge"]
    assert [each.name for each in (home / "models").iterdir()] == ["in-use.json"]
    assert _makers(home) == {card(DESCRIPTOR).maker}


def _makers(home: Path) -> set[str]:
    with sqlite3.connect(home / CATALOG) as catalog:
        return {made for (made,) in catalog.execute("SELECT DISTINCT maker FROM blob WHERE item = 'vector'")}


def test_the_report_names_the_network_that_was_used(home: Path, things: Path, own: Path, tmp_path: Path) -> None:
    run(home, "models", "use", own)
    run(home, "scan", things / "uploads", "--report", tmp_path / "out.html", code=1)
    text = (tmp_path / "out.html").read_text("utf-8")
    assert "own-1 sha256:" in text
    assert card(DESCRIPTOR).version not in text


def test_what_lies_nowhere_any_more_is_described_from_its_thumbnail(home: Path, things: Path, own: Path) -> None:
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE reference SET source = ''")
    done = json.loads(run(home, "models", "use", own, "--json").stdout)
    assert (done["files"], done["thumbnails"]) == (0, ["things/bridge/1.jpg", "things/camera/1.jpg"])
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]


def test_without_file_and_thumbnail_the_network_in_use_stays(home: Path, things: Path, own: Path) -> None:
    before = _found(home, things / "uploads")
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE reference SET source = '' WHERE entity_id = 1")
        catalog.execute("DELETE FROM blob WHERE item = 'thumb' AND owner = 'reference' AND owner_id = 1")
    done = run(home, "models", "use", own, code=1)
    assert "things/bridge/1.jpg: its file and its thumbnail are missing" in done.stderr
    assert "own-1 is not in use" in done.stdout
    assert "1 cannot be described" in done.stderr
    assert _found(home, things / "uploads") == before
    done = json.loads(run(home, "models", "use", own, "--json", code=1).stdout)
    assert done["in_use"] is False
    assert done["files"] == 0  # the second call describes no reference again
    done = json.loads(run(home, "models", "use", own, "--drop-missing", "--json").stdout)
    assert (done["in_use"], done["dropped"]) == (True, ["things/bridge/1.jpg"])
    assert [name for name, _ in _found(home, things / "uploads")["camera"]] == ["camera"]


def test_what_another_network_described_is_refused_until_it_is_described_anew(home: Path, things: Path) -> None:
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE blob SET maker = 'of-another' WHERE item = 'vector'")
    refused = run(home, "scan", things / "uploads", code=2).stderr
    assert "things: described by another model than the one in use" in refused
    assert "`lynkeus models refresh` describes what is registered" in refused
    assert "2 references described from their files" in run(home, "models", "refresh").stdout
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]
    assert card(DESCRIPTOR).maker in _makers(home)


def test_rates_and_kept_uploads_follow_the_network(home: Path, things: Path, own: Path, tmp_path: Path) -> None:
    run(home, "background", "add", "--shipped")
    uploads = Path(shutil.copytree(things / "uploads", tmp_path / "uploads"))
    run(home, "scan", uploads, "--keep", "1", code=1)
    before = _clean_scores(home)
    run(home, "models", "use", own)
    run(home, "scan", uploads / "bridge.jpg", code=1)
    after = _clean_scores(home)
    assert before.keys() == after.keys()
    assert not any(before[name] == after[name] for name in before)
    with Home(home) as opened:  # a clean picture that calibrates does not normalise
        clean = halves(opened.catalog.backgrounds.all())
        lane = opened.lane("object")
        vectors = lane.recogniser.clean.vectors  # pyright: ignore[reportAttributeAccessIssue]  of objects
        assert len(vectors) == len(clean.normalising)
        described = [lane.recogniser.vector(lane.stored(Owner.BACKGROUND, one.id)) for one in clean.calibrating]
        assert max(float((vectors @ one).max()) for one in described) < 0.99
    run(home, "register", things / "later", "--gallery", "things")
    shutil.rmtree(uploads)
    told = rows(run(home, "rescan", "--json", "-", code=1))
    assert [each["entity"] for row in told for each in row["findings"]] == ["cat"]


def _clean_scores(home: Path) -> dict[str, float]:
    return {row["name"]: row["score"] for row in rows(run(home, "background", "list", "--gallery", "things", "--json"))}


def test_only_an_intact_network_of_objects_is_put_into_use(home: Path, own: Path, tmp_path: Path) -> None:
    shutil.copytree(own.parent, tmp_path / "own")
    mine = tmp_path / "own" / "own.json"
    fields = json.loads(mine.read_text())
    mine.write_text(json.dumps(fields | {"name": "overlay-finder"}))
    assert "only copy-descriptor and object-descriptor can" in run(home, "models", "use", mine, code=2).stderr
    mine.write_text(json.dumps(fields | {"sha256": "0" * 64}))
    assert "not the file that the card describes" in run(home, "models", "use", mine, code=2).stderr
    other = card("overlay-finder")
    fields |= {"file": str(other.path), "sha256": other.sha256}
    mine.write_text(json.dumps(fields))
    assert "its metadata name no area" in run(home, "models", "use", mine, code=2).stderr
    assert "name a card, or --shipped" in run(home, "models", "use", code=2).stderr
    assert not (home / "models").exists()


@pytest.mark.parametrize(("which", "torn"), [("*.onnx", b"torn"), ("*calm.npy", b""), ("object-descriptor.json", b"{")])
def test_a_damaged_network_of_ones_own_is_told_and_mended(
    home: Path, things: Path, own: Path, which: str, torn: bytes
) -> None:
    run(home, "models", "use", own)
    (file,) = (home / "models").glob(f"*/{which}")
    file.write_bytes(torn)
    assert f"DAMAGED OR MISSING: {file}" in run(home, "models", "verify", code=1).stdout
    assert "`lynkeus models use --shipped` mends that" in run(home, "scan", things / "uploads", code=2).stderr
    run(home, "models", "use", own)
    run(home, "models", "verify")
    file.write_bytes(torn)
    run(home, "models", "use", "--shipped")
    run(home, "models", "verify")
    assert [each.name for each in (home / "models").iterdir()] == ["in-use.json"]


def test_a_network_that_is_in_use_is_not_written_again(home: Path, own: Path) -> None:
    run(home, "models", "use", own)
    (file,) = (home / "models").glob("*/*.onnx")
    written = file.stat().st_mtime_ns
    run(home, "models", "use", own)
    run(home, "models", "use", home / "models" / ".." / "models" / file.parent.name / "object-descriptor.json")
    run(home, "models", "refresh")
    assert file.stat().st_mtime_ns == written
    assert "nothing is registered" in run(home.parent / "nowhere", "models", "refresh", code=2).stderr
    assert not (home.parent / "nowhere").exists()


def test_registering_stops_where_another_network_is_put_into_use(home: Path, things: Path, own: Path) -> None:
    with Home(home) as opened:
        registration = Registration(gallery="things", names={}, roots=(things / "later",))

        def entries() -> Iterator[Entry]:
            run(home, "models", "use", own)
            yield from walk([things / "later"])

        with pytest.raises(ConflictError, match="another model was put into use while this ran"):
            list(registration(opened, entries()))
        assert opened.catalog.references.count("things") == 2


def test_what_is_registered_while_all_is_described_is_described_too(home: Path, things: Path, own: Path) -> None:
    def shown(items: Iterator[Any], count: int, title: str) -> Iterator[Any]:
        yield from items
        if count == 2:
            run(home, "register", things / "later", "--gallery", "things")
        assert title == "object"

    with Home(home) as opened:
        done = change(opened, exported_card(own), jobs=1, shown=shown)
    assert (done.files, done.in_use) == (3, True)
    assert [name for name, _ in _found(home, things / "uploads")["cat"]] == ["cat"]


def test_a_network_with_shorter_vectors_takes_the_place(home: Path, things: Path, tmp_path: Path) -> None:
    _mean_colour(tmp_path / "small.onnx")
    digest = hashlib.sha256((tmp_path / "small.onnx").read_bytes()).hexdigest()
    fields = asdict(card(DESCRIPTOR)) | {"file": "small.onnx", "sha256": digest, "version": "small-1"}
    (tmp_path / "small.json").write_text(json.dumps(fields))
    run(home, "background", "add", "--shipped")
    run(home, "models", "use", tmp_path / "small.json")
    run(home, "gallery", "policy", "things", "--review", "1/10")
    told = rows(run(home, "scan", things / "uploads", "--json", "-"))
    assert {row["verdict"] for row in told} == {"clear"}  # mean colours do not identify objects
    with Home(home) as opened:
        assert opened.lane("object").library.snapshot().view.vectors.shape == (2, 3)
    run(home, "models", "use", "--shipped")
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]


def _mean_colour(file: Path) -> None:
    """A network that describes a picture by three numbers, its mean colour, and locates that colour."""
    make = onnx.helper
    nodes = [
        make.make_node("Cast", [INPUT], ["bytes"], to=onnx.TensorProto.FLOAT),
        make.make_node("Transpose", ["bytes"], ["planes"], perm=[0, 3, 1, 2]),
        make.make_node("AveragePool", ["planes"], ["grid"], kernel_shape=[32, 32], strides=[32, 32]),
        make.make_node("GlobalAveragePool", ["grid"], ["mean"]),
        make.make_node("Flatten", ["mean"], ["flat"]),
        make.make_node("LpNormalization", ["flat"], ["descriptor"], axis=1, p=2),
        make.make_node("Transpose", ["grid"], ["places"], perm=[0, 2, 3, 1]),
        make.make_node("Transpose", [TOWARDS], ["columns"], perm=[1, 0]),
        make.make_node("MatMul", ["places", "columns"], [HEAT]),
    ]
    numbers = onnx.TensorProto.FLOAT
    pixels = make.make_tensor_value_info(INPUT, onnx.TensorProto.UINT8, ["n", "h", "w", 3])
    towards = make.make_tensor_value_info(TOWARDS, numbers, ["m", 3])
    outputs = [("descriptor", ["n", 3]), (HEAT, ["n", "i", "j", "m"])]
    given = [make.make_tensor_value_info(name, numbers, shape) for name, shape in outputs]
    none = onnx.numpy_helper.from_array(np.zeros((0, 3), np.float32), TOWARDS)
    graph = make.make_graph(nodes, "mean colour", [pixels, towards], given, [none])
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=10)
    make.set_model_props(model, {AREA: str(96 * 96)})
    onnx.save(model, str(file))
