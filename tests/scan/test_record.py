"""What a scan passes on is stored: rows that were printed are never lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus.core import UploadResult, Verdict
from lynkeus.core.folders import walk
from lynkeus.scan.calibrate import judge_of
from lynkeus.scan.home import Home
from lynkeus.scan.record import recorded
from lynkeus.scan.register import Registration
from lynkeus.scan.scanner import Scan, Scanned


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        list(Registration(gallery="mine", names={})(opened, walk(write_pictures(tmp_path / "references", [1]))))
        opened.catalog.galleries.create("empty", kind="copy")
        yield opened


def _rows(count: int) -> Iterator[Scanned]:
    for number in range(count):
        yield Scanned(result=UploadResult(upload=f"{number}.jpg", verdict=Verdict.CLEAR, digest=f"{number:064x}"))


def test_each_row_is_stored_before_it_is_passed_on(home: Home) -> None:
    for number, row in enumerate(recorded(home, _rows(150)), start=1):
        assert row.result.upload == f"{number - 1}.jpg"
        assert len(home.catalog.uploads.page()) >= number
    assert len(home.catalog.uploads.page()) == 150


def test_what_was_scanned_is_stored_where_the_scan_is_cut_off(home: Home) -> None:
    def cut_off() -> Iterator[Scanned]:
        yield from _rows(10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(recorded(home, cut_off()))
    assert len(home.catalog.uploads.page()) == 10


def test_an_upload_keeps_its_best_score_and_what_it_was_compared_with(home: Home, tmp_path: Path) -> None:
    upload = write_picture(tmp_path / "upload.jpg", made_picture(1)[10:340, 20:460])
    (row,) = recorded(home, Scan()(home, walk([upload]), judge_of(home)))
    (stored,) = home.catalog.uploads.page()
    assert home.catalog.uploads.scores([stored.id]) == {stored.id: {"mine": row.candidates[0].score}}
    galleries = {gallery.id for gallery in home.galleries().values()}
    assert home.catalog.uploads.compared([stored.id]) == {stored.id: dict.fromkeys(galleries, home.catalog.revision())}
    (finding,) = home.catalog.uploads.findings([stored.id])[stored.id]
    assert finding.region is not None
    assert b'"alignment"' in finding.evidence


def test_what_was_found_in_a_gallery_that_is_gone_is_passed_on_and_not_stored(home: Home, tmp_path: Path) -> None:
    upload = write_picture(tmp_path / "upload.jpg", made_picture(1)[10:340, 20:460])
    rows = list(Scan()(home, walk([upload]), judge_of(home)))
    home.catalog.galleries.remove("mine", force=True)
    (row,) = recorded(home, rows)
    assert row.result.findings
    (stored,) = home.catalog.uploads.page()
    assert home.catalog.uploads.findings([stored.id])[stored.id] == []
