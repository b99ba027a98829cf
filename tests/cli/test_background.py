from pathlib import Path

import numpy as np
import pytest
from commands import rows, run
from made_pictures import made_picture, write_picture, write_pictures

CLEAN = 70


@pytest.fixture(scope="module")
def calibrated(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with references and a background; one background picture is also a reference."""
    folder = tmp_path_factory.mktemp("calibrated")
    home, clean = folder / "home", folder / "clean"
    run(home, "register", made / "references", "--gallery", "mine")
    for seed in range(200, 200 + CLEAN):
        write_picture(clean / f"clean{seed}.jpg", made_picture(seed, width=320, height=240))
    write_picture(clean / "same.png", made_picture(2))
    added = run(home, "background", "add", clean)
    assert f"added {CLEAN + 1}" in added.stdout
    return home


def test_near_copies_of_references_are_named_and_left_out(calibrated: Path) -> None:
    again = run(calibrated, "background", "add", calibrated.parent / "clean")
    scores = rows(run(calibrated, "background", "list", "--gallery", "mine", "--json"))
    left_out = [row["name"] for row in scores if row["excluded"]]
    used = {row["name"]: row["use"] for row in rows(run(calibrated, "background", "list", "--json", "--limit", "99"))}
    assert used["same.png"] == "normalises" or left_out == ["same.png"]
    assert ("same.png: left out for mine" in again.stderr) is (left_out == ["same.png"])
    assert f"{CLEAN + 1} known before" in again.stdout


def test_what_is_left_out_is_not_counted_as_calibrating(made: Path, home: Path) -> None:
    told = run(home, "background", "add", made / "references").stdout
    listed = run(home, "background", "list", "--gallery", "mine").stdout.splitlines()
    left_out = sum(" left out " in line for line in listed[:-1])
    normal = 3 - (len(listed) - 1)
    assert left_out == 3 - normal
    assert f"{left_out} pictures calibrate ({left_out} left out for mine), {normal} normalise" in told
    assert run(home, "background", "list").stdout.splitlines()[-1] in told
    assert listed[-1] == f"0 pictures calibrate mine, {left_out} are left out, {normal} normalise"


def test_a_plain_picture_that_is_a_reference_is_left_out_for_objects(tmp_path: Path) -> None:
    for number, colour in enumerate([(230, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250), (10, 10, 10)]):
        write_picture(tmp_path / "plain" / f"{number}.png", np.full((64, 64, 3), colour, np.uint8))
    home = tmp_path / "home"
    run(home, "register", tmp_path / "plain", "--gallery", "plain", "--kind", "object")
    run(home, "background", "add", tmp_path / "plain")
    scored = rows(run(home, "background", "list", "--gallery", "plain", "--json"))
    assert scored
    assert all(row["use"] == "left out" for row in scored)


def test_a_list_for_a_gallery_knows_its_latest_references(made: Path, home: Path) -> None:
    run(home, "background", "add", made / "uploads", made / "references")
    run(home, "register", made / "uploads" / "stranger.jpg", "--gallery", "more")
    scored = rows(run(home, "background", "list", "--gallery", "more", "--json"))
    listed = rows(run(home, "background", "list", "--json"))
    assert len(scored) == sum(row["use"] == "calibrates" for row in listed) > 0


def test_no_picture_serves_both_purposes(calibrated: Path) -> None:
    listed = rows(run(calibrated, "background", "list", "--json", "--limit", "99"))
    scored = rows(run(calibrated, "background", "list", "--gallery", "mine", "--json", "--limit", "99"))
    normalising = {row["id"] for row in listed if row["use"] == "normalises"}
    assert normalising
    assert not normalising & {row["id"] for row in scored}
    assert len(normalising) + len(scored) == CLEAN + 1


def test_a_policy_that_the_background_cannot_support_is_refused_with_the_number(calibrated: Path) -> None:
    refused = run(calibrated, "gallery", "policy", "mine", "--review", "1/100", "--block", "1/10000", code=2)
    assert "30,000 clean pictures" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_policy_acts_on_a_copy_and_gives_its_rate(made: Path, calibrated: Path) -> None:
    said = run(calibrated, "gallery", "policy", "mine", "--review", "0.2", "--block", "1/15")
    assert "review at 1 in 5, block at 1 in 15" in said.stdout
    copy, stranger = rows(run(calibrated, "scan", made / "uploads", "--json", "-", code=1))
    assert copy["verdict"] == "block"
    assert 0 <= copy["findings"][0]["rate"] <= copy["findings"][0]["rate_upper"] <= 1 / 15
    assert stranger["verdict"] == "clear"
    run(calibrated, "gallery", "policy", "mine", "--block", "none")
    copy, _ = rows(run(calibrated, "scan", made / "uploads", "--json", "-", code=1))
    assert copy["verdict"] == "review"
    run(calibrated, "gallery", "policy", "mine", "--clear")
    assert rows(run(calibrated, "gallery", "list", "--json"))[0]["policy"] is None


def test_a_policy_that_lost_its_support_is_said_and_geometry_decides(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, "register", made / "references", "--gallery", "mine")
    run(home, "background", "add", *write_pictures(tmp_path / "clean", range(300, 330)))
    run(home, "gallery", "policy", "mine", "--review", "1/5")
    run(home, "background", "remove", "--all")
    scanned = run(home, "scan", made / "uploads", code=1)
    assert "review at 1 in 5 not applied" in scanned.stderr


def test_a_picture_is_removed_by_name(home: Path, tmp_path: Path) -> None:
    run(home, "background", "add", *write_pictures(tmp_path / "clean", [400, 401]))
    run(home, "background", "remove", "picture400.jpg")
    assert [row["name"] for row in rows(run(home, "background", "list", "--json"))] == ["picture401.jpg"]
    assert "picture400.jpg" in run(home, "background", "remove", "picture400.jpg", code=2).stderr


@pytest.mark.parametrize("rate", ["2", "0", "1/0", "often", "-1/5"])
def test_what_is_no_rate_is_misuse(home: Path, rate: str) -> None:
    assert "is not a rate" in run(home, "gallery", "policy", "mine", f"--review={rate}", code=2).stderr
