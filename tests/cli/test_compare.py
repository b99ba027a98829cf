from pathlib import Path

import cv2
from commands import rows, run


def test_two_pictures_are_compared_without_a_home(made: Path, tmp_path: Path) -> None:
    show = tmp_path / "match.png"
    copy, reference = made / "uploads" / "copy.jpg", made / "references" / "picture1.jpg"
    said = run(tmp_path / "none", "compare", copy, reference, "--show", show)
    assert "copy.jpg shows" in said.stdout
    assert cv2.imread(str(show)) is not None
    assert not (tmp_path / "none").exists()


def test_strangers_end_with_one(made: Path, tmp_path: Path) -> None:
    stranger, reference = made / "uploads" / "stranger.jpg", made / "references" / "picture1.jpg"
    assert "does not show" in run(tmp_path, "compare", stranger, reference, code=1).stdout


def test_json_gives_the_finding(made: Path, tmp_path: Path) -> None:
    copy, reference = made / "uploads" / "copy.jpg", made / "references" / "picture1.jpg"
    row = rows(run(tmp_path, "compare", copy, reference, "--json"))[0]
    assert row["verdict"] == "review"
    assert row["findings"][0]["reference"] == "picture1.jpg"


def test_an_unreadable_picture_is_named_in_one_line(made: Path, tmp_path: Path) -> None:
    refused = run(tmp_path, "compare", tmp_path / "no.jpg", made / "references" / "picture1.jpg", code=2)
    assert refused.stderr.strip().endswith("no.jpg: no such file")
