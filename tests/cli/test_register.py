from pathlib import Path

from commands import rows, run
from made_pictures import made_picture, write_picture, write_pictures


def test_a_second_time_nothing_is_registered_twice(made: Path, home: Path) -> None:
    again = run(home, "register", made / "references", "--gallery", "mine")
    assert "registered 0 in mine" in again.stdout
    assert "3 known before" in again.stdout


def test_a_dry_run_stores_nothing(made: Path, tmp_path: Path) -> None:
    trial = run(tmp_path / "new", "register", made / "references", "--gallery", "mine", "--dry-run")
    assert "would register 3" in trial.stdout
    assert not (tmp_path / "new").exists()


def test_near_copies_are_named_even_in_one_go(tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png", made_picture(3))
    write_picture(tmp_path / "in" / "b.jpg", made_picture(3))
    outcome = rows(run(tmp_path / "home", "register", tmp_path / "in", "--gallery", "mine", "--json"))
    assert [row["outcome"] for row in outcome] == ["added", "near-copy"]
    assert outcome[1]["detail"] == "mine/a.png"


def test_near_copies_of_what_was_there_are_named(home: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "same.png", made_picture(1))
    outcome = run(home, "register", tmp_path / "same.png", "--gallery", "other")
    assert "nearly the same as mine/picture1.jpg" in outcome.stderr


def test_a_csv_file_gives_names(tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", [1, 2])
    listed = tmp_path / "list.csv"
    listed.write_text("name,path,more\nCat,in/picture1.jpg,x\nDog,in/picture2.jpg,y\n")
    run(tmp_path / "home", "register", listed, "--gallery", "mine")
    shown = rows(run(tmp_path / "home", "gallery", "show", "mine", "--json"))
    assert [(row["entity"], row["reference"]) for row in shown] == [("Cat", "picture1.jpg"), ("Dog", "picture2.jpg")]


def test_a_csv_file_without_the_columns_is_refused_in_one_line(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("file,title\na.jpg,A\n")
    refused = run(tmp_path / "home", "register", listed, "--gallery", "mine", code=2)
    assert refused.stderr.strip().endswith("list.csv: wanted the columns path and name, got file, title")


def test_a_path_with_two_names_is_refused_in_one_line(tmp_path: Path) -> None:
    for name, lines in (("one.csv", "a.jpg,Cat\na.jpg,Dog\n"), ("cat.csv", "a.jpg,Cat\n"), ("dog.csv", "a.jpg,Dog\n")):
        (tmp_path / name).write_text(f"path,name\n{lines}")
    for words in (["one.csv"], ["cat.csv", "dog.csv"]):
        refused = run(tmp_path / "home", "register", *(tmp_path / word for word in words), "--gallery", "m", code=2)
        assert refused.stderr.strip().endswith("a.jpg has two names, Cat and Dog")


def test_a_name_for_a_picture_that_has_another_is_told(made: Path, home: Path) -> None:
    listed = made / "other.csv"
    listed.write_text("path,name\nreferences/picture1.jpg,picture1\nreferences/picture2.jpg,Cat\n")
    told = run(home, "register", listed, "--gallery", "mine")
    assert "picture2.jpg: registered for picture2 already, so not for Cat" in told.stderr
    assert "1 known before, 0 could not be read, 1 registered under another name" in told.stdout


def test_a_csv_file_that_is_no_text_is_refused_in_one_line(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_bytes(b"path,name\n\xff\xfe.jpg,A\n")
    refused = run(tmp_path / "home", "register", listed, "--gallery", "mine", code=2)
    assert len(refused.stderr.splitlines()) == 1
    assert "not csv text" in refused.stderr


def test_a_missing_folder_is_a_row_and_an_exit_code(tmp_path: Path) -> None:
    outcome = run(tmp_path / "home", "register", tmp_path / "nowhere", "--gallery", "mine", code=1)
    assert "no such file" in outcome.stderr


def test_a_name_that_can_be_no_gallery_is_refused(made: Path, tmp_path: Path) -> None:
    for words in ([], ["--dry-run"]):
        refused = run(tmp_path / "home", "register", made / "references", "--gallery", "a/b", *words, code=2)
        assert "cannot name a gallery" in refused.stderr


def test_without_pixels_no_thumbnail_is_kept(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, "register", made / "references", "--gallery", "mine", "--no-pixels")
    found = rows(run(home, "scan", made / "uploads" / "copy.jpg", "--json", "-", code=1))
    assert found[0]["findings"][0]["evidence"]["alignment"]["agreement"] is None
