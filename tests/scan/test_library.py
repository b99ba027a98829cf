"""The index follows the catalog: whatever lies on the disk, a search finds what is registered, and nothing else."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_pictures import made_picture, write_pictures

from lynkeus.catalog import NewReference, Owner
from lynkeus.core import Picture
from lynkeus.core.folders import walk
from lynkeus.kinds.copies.index import CopyIndex
from lynkeus.scan.home import CATALOG, Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.register import Registration
from lynkeus.scan.scanner import Scan


def _register(home: Home, folder: Path, *seeds: int, gallery: str = "mine") -> None:
    list(Registration(gallery=gallery, names={})(home, walk(write_pictures(folder, seeds))))


def _found(home: Home, seed: int) -> list[str]:
    """Names of the likely references in a crop of a picture, in all galleries."""
    rgb = np.ascontiguousarray(made_picture(seed)[10:340, 20:460])
    picture = Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="")
    lane = home.lane("copy")
    view = lane.library.snapshot().view
    found = lane.found(lane.recogniser.observe(picture), lambda: picture, view, Judge(home.galleries(), {}))
    return [finding.reference for finding in found.shown]


def _segments(home: Home) -> list[Path]:
    return [path for path in home.index.glob("*/*/*") if path.is_dir()]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Three pictures with a segment on the disk."""
    with Home(tmp_path / "home") as opened:
        _register(opened, tmp_path / "first", 1, 2, 3)
        assert opened.lane("copy").library.compact(force=True)
        yield opened


def test_a_segment_on_the_disk_is_enough(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    plain = CopyIndex.build

    def build(index: CopyIndex, rows: object) -> object:
        part = plain(index, rows)  # pyright: ignore[reportArgumentType]  passed on untouched
        built.append(len(part.ids))
        return part

    monkeypatch.setattr(CopyIndex, "build", build)
    with Home(home.folder) as again:
        assert _found(again, 2) == ["picture2.jpg"]
    assert built == []


def test_a_segment_of_another_history_of_the_catalog_is_not_used(home: Home, tmp_path: Path) -> None:
    home.catalog.truncate_log()
    shutil.copy(home.folder / CATALOG, tmp_path / "copy")
    _register(home, tmp_path / "later", 4, 5)
    assert home.lane("copy").library.compact(force=True)
    revision = home.catalog.revision()
    home.close()
    for left in home.folder.glob(f"{CATALOG}-*"):
        left.unlink()
    shutil.copy(tmp_path / "copy", home.folder / CATALOG)  # as somebody does without `lynkeus restore`
    with Home(home.folder) as back:
        while back.catalog.revision() < revision:
            _register(back, tmp_path / f"other{back.catalog.revision()}", 60 + back.catalog.revision())
        newest = back.catalog.references.page("mine")[-1]
        seed = int(newest.name.removeprefix("picture").removesuffix(".jpg"))
        assert back.catalog.revision() == revision
    with Home(home.folder) as again:
        assert _found(again, seed) == [newest.name]
        assert _found(again, 4) == []


@pytest.mark.parametrize(("name", "torn"), [("ids.npy", b""), ("points-1.faiss", b"torn"), ("vectors-1.faiss", b"")])
def test_a_segment_that_cannot_be_read_is_built_again_with_one_line(
    home: Home, name: str, torn: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (segment,) = _segments(home)
    (segment / name).write_bytes(torn)
    with Home(home.folder) as again, caplog.at_level(logging.WARNING, logger="lynkeus"):
        assert _found(again, 2) == ["picture2.jpg"]
        assert len(caplog.messages) == 1
        assert name in caplog.messages[0]
        assert caplog.messages[0].endswith("the index is built again")
        assert again.lane("copy").library.compact(force=True)
    caplog.clear()
    with Home(home.folder) as again:
        assert _found(again, 2) == ["picture2.jpg"]
    assert caplog.messages == []


def test_a_segment_that_cannot_be_written_is_told_and_no_error(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(index: CopyIndex, part: object, folder: Path) -> None:
        del index, part, folder
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CopyIndex, "save", full)
    assert not home.lane("copy").library.compact(force=True)
    assert "could not be written" in caplog.messages[0]
    assert _found(home, 2) == ["picture2.jpg"]


def test_a_home_whose_path_is_no_utf8_has_an_index_too(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/h\xe9me"))
    with Home(folder) as home:
        _register(home, tmp_path / "first", 1, 2)
        assert home.lane("copy").library.compact(force=True)
    with Home(folder) as again:
        assert _found(again, 2) == ["picture2.jpg"]
        assert len(_segments(again)) == 1


def test_a_crowd_in_another_gallery_hides_no_copy(home: Home, tmp_path: Path) -> None:
    """Twenty near-copies of a picture in one gallery, the picture itself in another one."""
    lane = home.lane("copy")
    (number,) = [each.id for each in home.catalog.references.named("mine", "picture1.jpg")]
    items = home.catalog.blobs.items(Owner.REFERENCE, [number])[number]
    home.catalog.galleries.create("crowd", kind="copy")
    crowd = [
        NewReference(entity=f"near{n}", name=f"near{n}", digest=f"{n:064x}", width=480, height=360, blobs=items)
        for n in range(20)
    ]
    home.catalog.references.add("crowd", crowd)
    upload = write_pictures(tmp_path / "upload", [1])
    judge = Judge(home.galleries(), {})
    for asked in (frozenset({"mine"}), frozenset[str]()):
        (row,) = Scan(galleries=asked)(home, walk(upload), judge)
        assert "picture1.jpg" in {finding.reference for finding in row.result.findings}
    (row,) = Scan(galleries=frozenset({"mine"}))(home, walk(upload), judge)
    assert {finding.gallery for finding in row.candidates} == {"mine"}
    assert len(lane.library.snapshot(frozenset({home.galleries()["mine"].id})).view) == 3


def test_a_removed_reference_is_found_no_more_though_the_segment_holds_it(home: Home) -> None:
    home.catalog.references.remove([each.id for each in home.catalog.references.named("mine", "picture2.jpg")])
    assert _found(home, 2) == []
    with Home(home.folder) as again:
        assert _found(again, 2) == []
        assert _found(again, 1) == ["picture1.jpg"]


def test_a_gallery_of_a_kind_that_is_not_installed_stops_a_scan(home: Home, tmp_path: Path) -> None:
    with sqlite3.connect(home.folder / CATALOG) as catalog:
        catalog.execute("UPDATE gallery SET kind = 'face', name = 'faces'")
    with Home(home.folder) as again, pytest.raises(KeyError, match=r"no 'face' .* known: copy, object"):
        list(Scan()(again, walk(write_pictures(tmp_path / "upload", [1])), Judge({}, {})))
