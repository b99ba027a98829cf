from pathlib import Path

import pytest

from lynkeus.core import DataError
from lynkeus.data.sources import Source, list_pictures

pytestmark = pytest.mark.torch


def _touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def _source(folder: str, role: str | None = None) -> Source:
    return Source(folder=folder, terms="free", share=1.0, role=role)


def test_lists_pictures_of_all_subfolders_in_order_and_nothing_else(tmp_path: Path) -> None:
    _touch(tmp_path, "b/2.png", "b/1.JPG", "a/z/9.jpeg", "a/notes.txt", "c/3.jpg")
    listing = list_pictures(tmp_path, [_source("b"), _source("a")])
    assert listing.paths == ("b/1.JPG", "b/2.png", "a/z/9.jpeg")
    assert listing.source == (0, 0, 1)


def test_leaves_out_what_is_barred(tmp_path: Path) -> None:
    _touch(tmp_path, "a/1.jpg", "a/2.jpg")
    assert list_pictures(tmp_path, [_source("a")], barred=frozenset({"a/1.jpg"})).paths == ("a/2.jpg",)


def test_takes_only_the_role_that_is_asked_for(tmp_path: Path) -> None:
    _touch(tmp_path, "set/a/1.jpg", "set/a/2.jpg", "set/a/3.jpg")
    (tmp_path / "set/roles.csv").write_text("path,role\na/1.jpg,reference\na/2.jpg,train\n")
    assert list_pictures(tmp_path, [_source("set/a", "train")]).paths == ("set/a/2.jpg",)


def test_an_empty_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    with pytest.raises(DataError, match="void"):
        list_pictures(tmp_path, [_source("void")])
