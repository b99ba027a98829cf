"""Homes that released code made stay usable: copies are found, references are described again, own models stay."""

import gzip
import shutil
from pathlib import Path

import pytest
from commands import rows, run
from made_pictures import made_picture, write_picture

from lynkeus.scan.home import CATALOG

_MADE = Path(__file__).parents[1] / "catalog" / "made"


@pytest.fixture(params=[1, 2])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A home with pictures 1 and 2 in the gallery ``mine``, as the code of a schema left it."""
    home = tmp_path / "home"
    home.mkdir()
    with gzip.open(_MADE / f"schema{request.param}.sqlite.gz") as packed, (home / CATALOG).open("wb") as file:
        shutil.copyfileobj(packed, file)
    return home


def _upload(folder: Path, seed: int) -> Path:
    return write_picture(folder / f"{seed}.jpg", made_picture(seed, width=160, height=120)[5:115, 8:150])


def test_what_was_registered_is_found_without_registering_again(old: Path, tmp_path: Path) -> None:
    (row,) = rows(run(old, "scan", _upload(tmp_path, 1), "--gallery", "mine", "--json", "-", code=1))
    assert [finding["reference"] for finding in row["findings"]] == ["picture1.jpg"]
    (row,) = rows(run(old, "scan", _upload(tmp_path, 30), "--gallery", "mine", "--json", "-"))
    assert row["findings"] == []


def test_a_rescan_of_uploads_from_before_ends(old: Path, tmp_path: Path) -> None:
    later = write_picture(tmp_path / "later" / "picture9.jpg", made_picture(9, width=160, height=120))
    run(old, "register", later, "--gallery", "mine")
    again = rows(run(old, "rescan", "--gallery", "mine", "--json", "-"))
    assert again
    assert all(row["findings"] == [] for row in again)
    assert rows(run(old, "rescan", "--gallery", "mine", "--json", "-")) == []


def test_it_takes_another_kind(old: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "gongs" / "gong" / "1.jpg", made_picture(40))
    run(old, "register", tmp_path / "gongs", "--gallery", "gongs", "--kind", "object")
    kinds = {row["gallery"]: row["kind"] for row in rows(run(old, "gallery", "list", "--json"))}
    assert kinds["mine"] == "copy"
    assert kinds["gongs"] == "object"
