"""Galleries of objects through the command line."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import demo_photograph, rows, run
from made_pictures import write_picture


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
    write_picture(tmp_path / "more" / "bridge" / "2.jpg", np.ascontiguousarray(demo_photograph(0)[:, ::-1]))
    run(home, "register", things / "later", tmp_path / "more", "--gallery", "things")
    if kept:
        shutil.rmtree(uploads)
    found = {Path(row["upload"]).stem: row["findings"] for row in rows(run(home, "rescan", "--json", "-", code=1))}
    assert [f["entity"] for f in found.pop("cat")] == ["cat"]
    assert not any(found.values())
    write_picture(tmp_path / "again" / "bridge" / "3.jpg", np.ascontiguousarray(demo_photograph(0)[::-1]))
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
    assert "1 entities without a picture" in told.stdout


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
