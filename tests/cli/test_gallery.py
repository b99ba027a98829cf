from pathlib import Path

from commands import rows, run


def test_galleries_are_listed_with_size_and_policy(home: Path) -> None:
    assert run(home, "gallery", "list").stdout == "mine: 3 references, no policy\n"
    listed = rows(run(home, "gallery", "list", "--json"))
    assert listed == [{"gallery": "mine", "kind": "copy", "references": 3, "log_only": False, "policy": None}]


def test_references_are_shown_a_page_at_a_time(home: Path) -> None:
    first = run(home, "gallery", "show", "mine", "--limit", "2")
    assert "picture0.jpg" in first.stdout
    assert "picture2.jpg" not in first.stdout
    after = first.stdout.splitlines()[-1].removeprefix("more: --after ")
    second = run(home, "gallery", "show", "mine", "--after", after)
    assert "picture2.jpg" in second.stdout
    assert "more" not in second.stdout


def test_a_gallery_gets_another_name(home: Path) -> None:
    run(home, "gallery", "rename", "mine", "ours")
    assert rows(run(home, "gallery", "list", "--json"))[0]["gallery"] == "ours"


def test_a_removed_reference_is_not_found_any_more(made: Path, home: Path) -> None:
    receipt = rows(run(home, "gallery", "remove", "mine", "--reference", "picture1.jpg", "--json"))[0]
    assert len(receipt["references"]) == 1
    run(home, "scan", made / "uploads", code=0)


def test_a_reference_is_removed_by_its_number(made: Path, home: Path) -> None:
    shown = rows(run(home, "gallery", "show", "mine", "--json"))
    number = next(row["id"] for row in shown if row["reference"] == "picture1.jpg")
    run(home, "gallery", "remove", "mine", "--reference", number)
    run(home, "scan", made / "uploads", code=0)


def test_an_entity_goes_with_its_references(home: Path) -> None:
    run(home, "gallery", "remove", "mine", "--entity", "picture1", "--purge")
    assert len(rows(run(home, "gallery", "show", "mine", "--json"))) == 2


def test_a_gallery_with_references_is_removed_by_force_only(made: Path, home: Path) -> None:
    run(home, "gallery", "remove", "mine", code=2)
    run(home, "gallery", "remove", "mine", "--force")
    run(home, "gallery", "list", code=1)
    run(home, "scan", made / "uploads", code=0)


def test_a_gallery_that_only_logs_reports_and_acts_on_nothing(made: Path, home: Path) -> None:
    run(home, "gallery", "log-only", "mine")
    copy = rows(run(home, "scan", made / "uploads" / "copy.jpg", "--json", "-", code=0))[0]
    assert copy["verdict"] == "clear"
    assert [finding["action"] for finding in copy["findings"]] == ["clear"]
    run(home, "gallery", "log-only", "mine", "--off")
    run(home, "scan", made / "uploads" / "copy.jpg", code=1)


def test_unknown_names_are_refused_in_one_line(home: Path) -> None:
    for words in (
        ("show", "yours"),
        ("rename", "yours", "ours"),
        ("remove", "yours"),
        ("log-only", "yours"),
        ("policy", "yours", "--review", "1/100"),
        ("remove", "mine", "--reference", "nothing.jpg"),
    ):
        refused = run(home, "gallery", *words, code=2)
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
