"""One folder an entity."""

from pathlib import Path

from lynkeus.scan.entity_folders import empty_folders, folder_entity


def test_the_first_folder_below_the_named_one_names_the_entity() -> None:
    roots = [Path("/a/all"), Path("/b/MP5")]
    assert folder_entity(Path("/a/all/AR15/1.jpg"), roots) == "AR15"
    assert folder_entity(Path("/a/all/AR15/left/side/1.jpg"), roots) == "AR15"
    assert folder_entity(Path("/b/MP5/1.jpg"), roots) == "MP5"
    assert folder_entity(Path("/b/MP5/1.jpg"), [Path("/b/MP5/1.jpg")]) == "1"
    assert folder_entity(Path("/c/other.jpg"), []) == "other"


def test_folders_without_a_file_are_named(tmp_path: Path) -> None:
    for name in ("full/deep", "empty/deeper", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
    seen = [tmp_path / "full" / "deep" / "1.jpg"]
    assert empty_folders([tmp_path, tmp_path / "file.jpg"], seen) == [tmp_path / "empty"]
