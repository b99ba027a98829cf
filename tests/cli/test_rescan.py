import shutil
import time
from pathlib import Path

import pytest
from commands import rows, run
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus.catalog import Catalog, Owner
from lynkeus.kinds.items import THUMB
from lynkeus.scan.home import CATALOG


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """An upload that shows a reference registered only after the scan."""
    write_pictures(tmp_path / "later", [70])
    return write_picture(tmp_path / "upload.jpg", made_picture(70)[20:330, 30:450])


def _register_later(home: Path, tmp_path: Path) -> None:
    run(home, "register", tmp_path / "later", "--gallery", "mine")


def test_a_kept_upload_is_found_without_its_file(home: Path, later: Path, tmp_path: Path) -> None:
    run(home, "scan", later, "--keep", "2", code=0)
    later.unlink()
    _register_later(home, tmp_path)
    again = rows(run(home, "rescan", "--json", "-", code=1))
    assert [row["findings"][0]["reference"] for row in again] == ["picture70.jpg"]
    assert again[0]["upload"] == str(later)


def test_what_was_kept_is_deleted_by_the_next_scan_after_its_day(
    home: Path, later: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, "scan", later, "--keep", "1", code=0)
    days_later = time.time() + 2 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: days_later)
    run(home, "scan", write_picture(tmp_path / "other.jpg", made_picture(72)), code=0)
    with Catalog.open(home / CATALOG, create=False) as catalog:
        assert catalog.uploads.expire(days_later + 10 * 24 * 3600) == 0


def test_an_upload_that_was_not_kept_is_read_from_its_file(home: Path, later: Path, tmp_path: Path) -> None:
    run(home, "scan", later, code=0)
    _register_later(home, tmp_path)
    report = tmp_path / "later.html"
    assert "1 with new findings" in run(home, "rescan", "--report", report, code=1).stdout
    assert "picture70.jpg" in report.read_text()


def test_a_new_finding_is_recorded_and_not_found_again(home: Path, later: Path, tmp_path: Path) -> None:
    run(home, "scan", later, code=0)
    _register_later(home, tmp_path)
    run(home, "rescan", code=1)
    assert "0 earlier uploads" in run(home, "rescan").stdout


@pytest.mark.parametrize("change", ["gone", "other"])
def test_what_is_neither_kept_nor_there_is_a_row(home: Path, later: Path, tmp_path: Path, change: str) -> None:
    run(home, "scan", later, code=0)
    if change == "gone":
        later.unlink()
    else:
        write_picture(later, made_picture(71))
    _register_later(home, tmp_path)
    row = rows(run(home, "rescan", "--json", "-", code=3))[0]
    assert row["verdict"] == "unreadable"
    assert row["error"].startswith("not kept: ")


def test_older_references_are_not_matched_again(made: Path, home: Path, tmp_path: Path) -> None:
    run(home, "scan", made / "uploads", code=1)
    write_pictures(tmp_path / "later", [70])
    _register_later(home, tmp_path)
    assert [row["findings"] for row in rows(run(home, "rescan", "--json", "-"))] == [[], []]


def test_any_file_of_the_same_bytes_will_do(home: Path, later: Path, tmp_path: Path) -> None:
    run(home, "scan", later, code=0)
    other = Path(shutil.copy(later, tmp_path / "the-same.jpg"))
    run(home, "scan", other, code=0)
    other.unlink()
    _register_later(home, tmp_path)
    assert "1 with new findings" in run(home, "rescan", code=1).stdout


def test_a_purge_deletes_what_was_kept_of_uploads_that_show_the_reference(
    home: Path, later: Path, tmp_path: Path
) -> None:
    stranger = write_picture(tmp_path / "stranger.jpg", made_picture(72))
    _register_later(home, tmp_path)
    run(home, "scan", later, stranger, "--keep", "2", code=1)
    run(home, "gallery", "remove", "mine", "--reference", "picture70.jpg", "--purge")
    with Catalog.open(home / CATALOG, create=False) as catalog:
        kept = {Path(upload.path).name: upload for upload in catalog.uploads.page()}
        blobs = catalog.blobs.read(Owner.UPLOAD, [upload.id for upload in kept.values()], THUMB)
    assert kept["upload.jpg"].kept_until is None
    assert set(blobs) == {kept["stranger.jpg"].id}
