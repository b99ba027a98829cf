"""One folder per entity names the entity."""

from pathlib import Path

import pytest

from lynkeus.core.entity_folders import empty_folders, entity_place, folder_entity


def test_the_first_folder_below_the_named_one_names_the_entity() -> None:
    roots = [Path("/a/all"), Path("/b/MP5")]
    assert folder_entity(Path("/a/all/AR15/1.jpg"), roots) == "AR15"
    assert folder_entity(Path("/a/all/AR15/left/side/1.jpg"), roots) == "AR15"
    assert folder_entity(Path("/b/MP5/1.jpg"), roots) == "MP5"
    assert folder_entity(Path("/b/MP5/1.jpg"), [Path("/b/MP5/1.jpg")]) == "1"
    assert folder_entity(Path("/c/other.jpg"), []) == "other"


def test_a_folder_that_is_named_by_dots_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MP5" / "left").mkdir(parents=True)
    for here, root in (("MP5", "."), ("MP5/left", "..")):
        monkeypatch.chdir(tmp_path / here)
        assert folder_entity(Path(root) / "1.jpg", [Path(root)]) == "MP5"


def test_what_was_given_stands_for_an_entity() -> None:
    assert entity_place(Path("all/AR15/left/1.jpg"), [Path("all")]) == Path("all/AR15")
    assert entity_place(Path("MP5/1.jpg"), [Path("MP5")]) == Path("MP5")
    assert entity_place(Path("1.jpg"), [Path("1.jpg")]) == Path("1.jpg")


def test_folders_without_a_file_are_named(tmp_path: Path) -> None:
    for name in ("full/deep", "empty/deeper", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
    seen = [tmp_path / "full" / "deep" / "1.jpg"]
    assert empty_folders([tmp_path, tmp_path / "file.jpg"], seen) == [tmp_path / "empty"]
    assert empty_folders([tmp_path / "empty" / "deeper"], []) == [tmp_path / "empty" / "deeper"]


def test_a_folder_that_cannot_be_read_is_not_called_empty(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    assert empty_folders([tmp_path], [tmp_path / "loop"]) == []
