"""Galleries of objects through the command line."""

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
from made_pictures import write_picture

from lynkeus.catalog import Owner
from lynkeus.core import ConflictError, read_picture
from lynkeus.core.folders import walk
from lynkeus.models.export import INPUT
from lynkeus.recognisers.objects import MODEL, unpacked
from lynkeus.runtime.area import AREA, HEAT, TOWARDS
from lynkeus.runtime.cards import card
from lynkeus.scan.backgrounds import SHIPPED
from lynkeus.scan.demo import demo_pictures
from lynkeus.scan.home import CATALOG, Home, halves
from lynkeus.scan.object_change import change
from lynkeus.scan.object_model import object_card
from lynkeus.scan.register import Registration


def _photograph(number: int) -> np.ndarray:
    return read_picture(demo_pictures().references[number], max_side=480).rgb


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``things`` (two objects), ``later`` (one more), ``uploads``, and a ``home`` that knows the two."""
    folder = tmp_path_factory.mktemp("things")
    for number, name in enumerate(("bridge", "camera", "cat")):
        rgb = _photograph(number)
        high, wide = rgb.shape[:2]
        place = "later" if name == "cat" else "things"
        write_picture(folder / place / name / "1.jpg", rgb[: high * 4 // 5, : wide * 4 // 5])
        mirrored = np.ascontiguousarray(rgb[high // 6 :, ::-1][:, : wide * 4 // 5])
        write_picture(folder / "uploads" / f"{name}.jpg", mirrored)
    shutil.copy(SHIPPED / "garment-03.jpg", folder / "uploads" / "stranger.jpg")
    run(folder / "home", "register", folder / "things", "--gallery", "things", "--kind", "object")
    return folder


@pytest.fixture
def home(things: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(things / "home", tmp_path / "home"))


def test_a_scan_names_the_objects_in_every_output(home: Path, things: Path, tmp_path: Path) -> None:
    report, table = tmp_path / "out.html", tmp_path / "out.csv"
    told = run(home, "scan", things / "uploads", "--json", "-", "--report", report, "--csv", table, code=1)
    found = {Path(row["upload"]).stem: row for row in rows(told)}
    for name in ("bridge", "camera"):
        (finding,) = found[name]["findings"]
        assert (finding["kind"], finding["gallery"], finding["entity"]) == ("object", "things", name)
        assert np.array(finding["evidence"]["heat"]).max() == 1.0
        assert len(finding["region"]["normalised"]) == 4
    assert found["cat"]["findings"] == found["stranger"]["findings"] == []
    assert "data:image/png" in report.read_text("utf-8")
    assert ",object,things,bridge,1.jpg," in table.read_text("utf-8-sig")


def test_a_gallery_keeps_its_kind(home: Path, things: Path) -> None:
    refused = run(home, "register", things / "later", "--gallery", "things", "--kind", "copy", code=2)
    assert "gallery 'things' holds objects: register pictures" in refused.stderr
    again = run(home, "register", things / "things", "--gallery", "things")
    assert "registered 0 in things (0 of them near-copies), 2 known before" in again.stdout
    run(home, "register", things / "later", "--gallery", "pictures")
    refused = run(home, "register", things / "later", "--gallery", "pictures", "--kind", "object", code=2)
    assert "gallery 'pictures' holds pictures whose copies are looked for" in refused.stderr
    kinds = {row["gallery"]: row["kind"] for row in rows(run(home, "gallery", "list", "--json"))}
    assert kinds == {"things": "object", "pictures": "copy"}
    assert "things: 2 references of objects, no policy" in run(home, "gallery", "list").stdout


def test_copies_and_objects_are_found_beside_each_other(home: Path, things: Path) -> None:
    run(home, "register", things / "uploads" / "bridge.jpg", "--gallery", "pictures")
    told = run(home, "scan", things / "uploads" / "bridge.jpg", "--json", "-", code=1)
    (row,) = rows(told)
    assert [(f["kind"], f["gallery"]) for f in row["findings"]] == [("copy", "pictures"), ("object", "things")]
    (row,) = rows(run(home, "scan", things / "uploads" / "bridge.jpg", "--gallery", "things", "--json", "-", code=1))
    assert [f["kind"] for f in row["findings"]] == ["object"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_rescan_finds_objects_that_came_later_once(home: Path, things: Path, tmp_path: Path, *, kept: bool) -> None:
    uploads = Path(shutil.copytree(things / "uploads", tmp_path / "uploads"))
    run(home, "scan", uploads, *(["--keep", "2"] if kept else []), code=1)
    write_picture(tmp_path / "more" / "bridge" / "2.jpg", np.ascontiguousarray(_photograph(0)[:, ::-1]))
    run(home, "register", things / "later", tmp_path / "more", "--gallery", "things")
    if kept:
        shutil.rmtree(uploads)
    found = {Path(row["upload"]).stem: row["findings"] for row in rows(run(home, "rescan", "--json", "-"))}
    assert [f["entity"] for f in found.pop("cat")] == ["cat"]
    assert not any(found.values())
    write_picture(tmp_path / "again" / "bridge" / "3.jpg", np.ascontiguousarray(_photograph(0)[::-1]))
    run(home, "register", tmp_path / "again", "--gallery", "things")
    assert not any(row["findings"] for row in rows(run(home, "rescan", "--json", "-")))


def test_policies_log_only_renaming_removal_and_backup(home: Path, things: Path, tmp_path: Path) -> None:
    run(home, "background", "add", "--shipped")
    refused = run(home, "gallery", "policy", "things", "--review", "1/100", code=2)
    assert "needs 300 clean pictures" in refused.stderr
    run(home, "gallery", "policy", "things", "--review", "1/10")
    (row,) = rows(run(home, "scan", things / "uploads" / "bridge.jpg", "--json", "-", code=1))
    assert row["findings"][0]["entity"] == "bridge"
    assert row["findings"][0]["rate_upper"] <= 0.1
    run(home, "gallery", "rename", "things", "devices")
    run(home, "gallery", "log-only", "devices")
    (row,) = rows(run(home, "scan", things / "uploads" / "bridge.jpg", "--json", "-"))
    assert (row["verdict"], row["findings"][0]["action"], row["findings"][0]["gallery"]) == (
        "clear",
        "clear",
        "devices",
    )
    assert "things/bridge" not in run(home, "background", "list", "--gallery", "devices").stdout
    run(home, "backup", tmp_path / "saved.lynkeus")
    run(home, "gallery", "remove", "devices", "--entity", "bridge", "--purge")
    (row,) = rows(run(home, "scan", things / "uploads" / "bridge.jpg", "--json", "-"))
    assert "bridge" not in {finding["entity"] for finding in row["findings"]}
    run(tmp_path / "other", "restore", tmp_path / "saved.lynkeus")
    (row,) = rows(run(tmp_path / "other", "scan", things / "uploads" / "bridge.jpg", "--json", "-"))
    assert row["findings"][0]["entity"] == "bridge"


def test_names_may_come_from_a_csv_file_and_pixels_may_be_left_out(things: Path, tmp_path: Path) -> None:
    listing = things / "list.csv"
    listing.write_text("path,name\nthings/bridge/1.jpg,Red bridge\n", "utf-8")
    run(tmp_path / "home", "register", listing, "--gallery", "named", "--kind", "object", "--no-pixels")
    report = tmp_path / "report.html"
    told = run(tmp_path / "home", "scan", things / "uploads" / "bridge.jpg", "--json", "-", "--report", report, code=1)
    assert rows(told)[0]["findings"][0]["entity"] == "Red bridge"
    assert report.stat().st_size > 10_000


def test_a_thing_without_pictures_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "more" / "egg").mkdir(parents=True)
    (tmp_path / "more" / "egg" / "a.jpg").write_bytes(b"no picture")
    told = run(home, "register", tmp_path / "more", "--gallery", "things", "--json", code=1)
    assert [row["outcome"] for row in rows(told)] == ["unreadable", "no-picture"]
    told = run(home, "register", tmp_path / "more", "--gallery", "things", code=1)
    assert "none of the pictures of egg could be read" in told.stderr
    assert "1 objects without a picture" in told.stdout


def test_a_picture_of_two_objects_counts_for_one_and_says_so(things: Path, tmp_path: Path) -> None:
    both = Path(shutil.copytree(things / "things", tmp_path / "both"))
    shutil.copy(both / "bridge" / "1.jpg", both / "camera" / "0.jpg")
    told = "camera/0.jpg: registered for bridge already, so not for camera"
    for words, done in ((["--dry-run"], "would register 2"), ([], "registered 2"), ([], "registered 0")):
        row = run(tmp_path / "home", "register", both, "--gallery", "things", "--kind", "object", *words)
        assert told in row.stderr
        assert done in row.stdout
        assert "1 registered under another name" in row.stdout
    told = run(tmp_path / "home", "register", both / "camera" / "0.jpg", "--gallery", "things", "--json", code=1)
    assert [row["outcome"] for row in rows(told)] == ["other-entity"]


def test_a_removed_picture_may_be_registered_for_another_object(home: Path, things: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(things / "things" / "bridge", tmp_path / "more" / "viaduct"))
    run(home, "gallery", "remove", "things", "--entity", "bridge")
    assert "registered 1 in" in run(home, "register", moved.parent, "--gallery", "things").stdout
    shown = rows(run(home, "gallery", "show", "things", "--json"))
    assert [row["entity"] for row in shown] == ["camera", "viaduct"]


def test_a_registration_without_any_picture_leaves_no_gallery(home: Path, tmp_path: Path) -> None:
    (tmp_path / "egg").mkdir()
    told = run(home, "register", tmp_path / "egg", "--gallery", "eggs", "--kind", "object", code=1)
    assert told.stderr.endswith("egg: no picture in this folder\n")
    (tmp_path / "egg" / "a.jpg").write_bytes(b"no picture")
    for kind in ("object", "copy"):
        run(home, "register", tmp_path / "egg", "--gallery", "eggs", "--kind", kind, code=1)
    assert [row["gallery"] for row in rows(run(home, "gallery", "list", "--json"))] == ["things"]


def test_a_csv_file_may_name_a_folder_and_rows_name_what_was_given(things: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    listing = things / "folders.csv"
    listing.write_text(f"path,name\nthings/bridge,Red bridge\n{tmp_path / 'a.jpg'},Egg\n", "utf-8")
    told = run(tmp_path / "home", "register", listing, "--gallery", "named", "--kind", "object")
    assert f"{tmp_path / 'a.jpg'}: none of the pictures of Egg could be read (1 tried)" in told.stderr
    (row,) = rows(run(tmp_path / "home", "gallery", "show", "named", "--json"))
    assert row["entity"] == "Red bridge"


def test_a_home_from_before_objects_takes_them(made: Path, things: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(made / "home", tmp_path / "old"))
    with sqlite3.connect(home / CATALOG) as connection:  # as the first schema left it
        connection.execute("ALTER TABLE gallery DROP COLUMN kind")
        connection.execute("UPDATE meta SET schema_version = 1")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    run(home, "register", things / "things", "--gallery", "things", "--kind", "object")
    found = rows(run(home, "scan", made / "uploads", things / "uploads", "--json", "-", code=1))
    kinds = {Path(row["upload"]).stem: {f["kind"] for f in row["findings"]} for row in found}
    assert kinds["copy"] == {"copy"}
    assert kinds["bridge"] == {"object"}
    assert json.loads(run(home, "gallery", "list", "--json").stdout.splitlines()[0])["kind"] == "copy"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a network of one's own: that which ships, but it sees pictures at 192 x 192."""
    folder = tmp_path_factory.mktemp("own")
    graph = onnx.load(str(card(MODEL).path))
    onnx.helper.set_model_props(graph, {AREA: str(192 * 192)})
    onnx.save(graph, str(folder / "own.onnx"))
    digest = hashlib.sha256((folder / "own.onnx").read_bytes()).hexdigest()
    fields = asdict(card(MODEL)) | {"file": "own.onnx", "sha256": digest, "version": "own-1", "terms": "free"}
    (folder / "own.json").write_text(json.dumps(fields))
    return folder / "own.json"


def _found(home: Path, uploads: Path) -> dict[str, list[tuple[str, float]]]:
    told = rows(run(home, "scan", uploads, "--json", "-", code=1))
    return {Path(row["upload"]).stem: [(each["entity"], each["score"]) for each in row["findings"]] for row in told}


def test_a_network_of_ones_own_recognises_what_was_registered_before(home: Path, things: Path, own: Path) -> None:
    before = _found(home, things / "uploads")
    done = json.loads(run(home, "models", "use", own, "--json").stdout)
    assert (done["version"], done["in_use"]) == ("own-1", True)
    assert (done["files"], done["thumbnails"], done["lost"]) == (2, 0, [])
    assert "own-1" in run(home, "models", "list").stdout
    run(home, "models", "verify")
    after = _found(home, things / "uploads")
    names = {upload: [name for name, _ in found] for upload, found in before.items()}
    assert names == {upload: [name for name, _ in found] for upload, found in after.items()}
    assert before["bridge"][0][1] != after["bridge"][0][1]
    run(home, "register", things / "later", "--gallery", "things")
    assert [name for name, _ in _found(home, things / "uploads")["cat"]] == ["cat"]
    done = json.loads(run(home, "models", "use", "--shipped", "--json").stdout)
    assert done["files"] == 1  # the vectors of the network that ships were kept
    assert _found(home, things / "uploads")["bridge"] == before["bridge"]
    assert list((home / "models").iterdir()) == []
    assert _parts(home) == {f"object-{card(MODEL).sha256[:12]}"}


def _parts(home: Path) -> set[str]:
    with sqlite3.connect(home / CATALOG) as catalog:
        return {part for (part,) in catalog.execute("SELECT DISTINCT part FROM blob WHERE part LIKE 'object%'")}


def test_the_report_names_the_network_that_was_used(home: Path, things: Path, own: Path, tmp_path: Path) -> None:
    run(home, "models", "use", own)
    run(home, "scan", things / "uploads", "--report", tmp_path / "out.html", code=1)
    text = (tmp_path / "out.html").read_text("utf-8")
    assert "own-1 sha256:" in text
    assert card(MODEL).version not in text


def test_what_lies_nowhere_any_more_is_described_from_its_thumbnail(home: Path, things: Path, own: Path) -> None:
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE reference SET source = ''")
    done = json.loads(run(home, "models", "use", own, "--json").stdout)
    assert (done["files"], done["thumbnails"]) == (0, 2)
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]


def test_without_file_and_thumbnail_the_network_in_use_stays(home: Path, things: Path, own: Path) -> None:
    before = _found(home, things / "uploads")
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE reference SET source = '' WHERE entity_id = 1")
        catalog.execute("DELETE FROM blob WHERE part = 'thumb' AND owner = 'reference' AND owner_id = 1")
    done = run(home, "models", "use", own, code=1)
    assert "things/bridge/1.jpg: neither its file nor a thumbnail of it is left" in done.stderr
    assert "own-1 is not in use" in done.stdout
    assert "1 cannot be described" in done.stderr
    assert _found(home, things / "uploads") == before
    done = json.loads(run(home, "models", "use", own, "--json", code=1).stdout)
    assert done["in_use"] is False
    assert done["files"] == 0  # what the first call described is not described again


def test_what_another_network_described_is_refused_until_it_is_described_anew(home: Path, things: Path) -> None:
    with sqlite3.connect(home / CATALOG) as catalog:
        catalog.execute("UPDATE blob SET part = 'object-of-another' WHERE part LIKE 'object-%'")
    refused = run(home, "scan", things / "uploads", code=2).stderr
    assert "things: described by another network of objects than the one in use" in refused
    assert "`lynkeus models refresh` describes them anew" in refused
    assert "2 references described from their files" in run(home, "models", "refresh").stdout
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]
    assert _parts(home) == {f"object-{card(MODEL).sha256[:12]}"}


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
        calm = opened.objects.calm
        assert len(calm) == len(clean.normalising)
        part = opened.object_embedder.part
        described = opened.catalog.blobs.read(Owner.BACKGROUND, [one.id for one in clean.calibrating], part)
        assert max(float((calm @ unpacked(one)).max()) for one in described.values()) < 0.99
    run(home, "register", things / "later", "--gallery", "things")
    shutil.rmtree(uploads)
    told = rows(run(home, "rescan", "--json", "-"))
    assert [each["entity"] for row in told for each in row["findings"]] == ["cat"]


def _clean_scores(home: Path) -> dict[str, float]:
    return {row["name"]: row["score"] for row in rows(run(home, "background", "list", "--gallery", "things", "--json"))}


def test_only_an_intact_network_of_objects_is_put_into_use(home: Path, own: Path, tmp_path: Path) -> None:
    shutil.copytree(own.parent, tmp_path / "own")
    mine = tmp_path / "own" / "own.json"
    fields = json.loads(mine.read_text())
    mine.write_text(json.dumps(fields | {"name": "copy-descriptor"}))
    assert "only object-descriptor can be one of your own" in run(home, "models", "use", mine, code=2).stderr
    mine.write_text(json.dumps(fields | {"sha256": "0" * 64}))
    assert "not the file that the card describes" in run(home, "models", "use", mine, code=2).stderr
    other = card("overlay-finder")
    fields |= {"file": str(other.path), "sha256": other.sha256}
    mine.write_text(json.dumps(fields))
    assert "its metadata name no area" in run(home, "models", "use", mine, code=2).stderr
    assert "name a card, or --shipped" in run(home, "models", "use", code=2).stderr
    assert not (home / "models").exists()


@pytest.mark.parametrize(("which", "torn"), [("*.onnx", b"torn"), ("*.npz", b""), ("object-descriptor.json", b"{")])
def test_a_damaged_network_of_ones_own_is_told_and_mended(home: Path, own: Path, which: str, torn: bytes) -> None:
    run(home, "models", "use", own)
    (file,) = (home / "models").glob(f"*/{which}")
    file.write_bytes(torn)
    assert f"DAMAGED OR MISSING: {file}" in run(home, "models", "verify", code=1).stdout
    assert "`lynkeus models use --shipped` mends that" in run(home, "scan", own.parent, code=2).stderr
    run(home, "models", "use", own)
    run(home, "models", "verify")
    file.write_bytes(torn)
    run(home, "models", "use", "--shipped")
    run(home, "models", "verify")
    assert not any((home / "models").iterdir())


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
        opened.object_embedder(np.zeros((64, 64, 3), np.uint8))
        run(home, "models", "use", own)
        registration = Registration(gallery="things", names={}, roots=(things / "later",))
        with pytest.raises(ConflictError, match="another network of objects was put into use while this ran"):
            list(registration(opened, walk([things / "later"])))
        assert opened.catalog.references.count("things") == 2


def test_what_is_registered_while_all_is_described_is_described_too(home: Path, things: Path, own: Path) -> None:
    def shown(items: Iterator[Any], count: int, title: str) -> Iterator[Any]:
        yield from items
        if count == 2:
            run(home, "register", things / "later", "--gallery", "things")
        assert title == "objects"

    with Home(home) as opened:
        done = change(opened, object_card(own), jobs=1, shown=shown)
    assert (done.files, done.in_use) == (3, True)
    assert [name for name, _ in _found(home, things / "uploads")["cat"]] == ["cat"]


def test_a_network_with_shorter_vectors_takes_the_place(home: Path, things: Path, tmp_path: Path) -> None:
    _mean_colour(tmp_path / "small.onnx")
    digest = hashlib.sha256((tmp_path / "small.onnx").read_bytes()).hexdigest()
    fields = asdict(card(MODEL)) | {"file": "small.onnx", "sha256": digest, "version": "small-1"}
    (tmp_path / "small.json").write_text(json.dumps(fields))
    run(home, "background", "add", "--shipped")
    run(home, "models", "use", tmp_path / "small.json")
    run(home, "gallery", "policy", "things", "--review", "1/10")
    told = rows(run(home, "scan", things / "uploads", "--json", "-"))
    assert {row["verdict"] for row in told} == {"clear"}  # mean colours tell nothing
    with Home(home) as opened:
        assert opened.object_library.view().vectors.shape == (2, 3)
    run(home, "models", "use", "--shipped")
    assert [name for name, _ in _found(home, things / "uploads")["bridge"]] == ["bridge"]


def _mean_colour(file: Path) -> None:
    """A network that describes a picture by its mean colour, three numbers, and says where it has that."""
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
