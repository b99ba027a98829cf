import csv
import os
from pathlib import Path

import pytest
from commands import rows, run, run_process
from made_pictures import made_picture, write_picture

from lynkeus.catalog import Catalog


def test_all_outputs_say_the_same(made: Path, home: Path, tmp_path: Path) -> None:
    outputs = {name: tmp_path / name for name in ("out.html", "out.jsonl", "out.csv", "pairs.csv")}
    options = ("--report", "--json", "--csv", "--isc")
    words = [word for pair in zip(options, outputs.values(), strict=True) for word in pair]
    done = run(home, "scan", made / "uploads", *words, code=1)
    assert "2 scanned: 0 block, 1 review, 1 clear, 0 could not be read" in done.stdout
    assert "picture1.jpg" in outputs["out.html"].read_text()
    found = list(csv.DictReader(outputs["out.csv"].read_text("utf-8-sig").splitlines()))
    assert [(row["verdict"], row["reference"]) for row in found] == [("review", "picture1.jpg"), ("clear", "")]
    pairs = list(csv.DictReader(outputs["pairs.csv"].read_text().splitlines()))
    assert (pairs[0]["query_id"], pairs[0]["reference_id"]) == ("copy", "picture1")
    assert {row["query_id"] for row in pairs} == {"copy", "stranger"}


def test_pairs_below_any_policy_are_written_too(made: Path, home: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    run(home, "scan", made / "uploads" / "stranger.jpg", "--isc", pairs, code=0)
    assert len(pairs.read_text().splitlines()) > 1


def test_json_lines_have_the_promised_fields(made: Path, home: Path) -> None:
    copy, stranger = rows(run(home, "scan", made / "uploads", "--json", "-", code=1))
    assert copy["verdict"] == "review"
    assert copy["error"] is None
    promised = {"kind", "gallery", "entity", "reference", "rate", "rate_upper", "score", "region", "evidence"}
    assert promised <= set(copy["findings"][0])
    assert copy["findings"][0]["rate"] is None
    assert (stranger["verdict"], stranger["findings"]) == ("clear", [])


def test_a_broken_file_is_a_row_and_the_copy_beside_it_is_found(made: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    os.mkfifo(tmp_path / "pipe.jpg")
    paths = (tmp_path / "broken.jpg", tmp_path / "pipe.jpg", made / "uploads")
    scanned = rows(run(home, "scan", *paths, "--json", "-", code=3))
    assert [row["verdict"] for row in scanned] == ["unreadable", "unreadable", "review", "clear"]
    assert scanned[1]["error"] == "not a file but a pipe"


def test_a_name_that_is_no_utf8_is_scanned_and_shown(made: Path, home: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(odd)).write_bytes((made / "uploads" / "copy.jpg").read_bytes())
    report = tmp_path / "report.html"
    done = run_process("--home", home, "scan", odd, "--json", "-", "--report", report, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "caf\\\\xe9.jpg" in done.stdout
    assert "upload-0" in report.read_text()


def test_what_was_scanned_is_recorded_with_its_findings(made: Path, home: Path) -> None:
    run(home, "scan", made / "uploads", code=1)
    with Catalog.open(home / "catalog.sqlite") as catalog:
        uploads = catalog.uploads.page()
        findings = catalog.uploads.findings([upload.id for upload in uploads])
    assert [upload.verdict.value for upload in uploads] == ["review", "clear"]
    assert [finding.reference for finding in findings[uploads[0].id]] == ["picture1.jpg"]
    assert b'"transform":[[' in findings[uploads[0].id][0].evidence
    assert uploads[0].kept_until is None


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    refused = run(tmp_path / "none", "scan", tmp_path, code=2)
    assert "start with `lynkeus register" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_an_unknown_gallery_is_refused_in_one_line(made: Path, home: Path) -> None:
    refused = run(home, "scan", made / "uploads", "--gallery", "yours", code=2)
    assert "yours" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_an_output_in_a_missing_folder_is_refused_before_the_work(made: Path, home: Path, tmp_path: Path) -> None:
    refused = run(home, "scan", made / "uploads", "--report", tmp_path / "no" / "out.html", code=2)
    assert "there is no folder" in refused.stderr


def test_only_the_wanted_gallery_counts(made: Path, home: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "other.jpg", made_picture(60))
    run(home, "register", tmp_path / "in", "--gallery", "other")
    run(home, "scan", made / "uploads", "--gallery", "other", code=0)
    run(home, "scan", made / "uploads", "--gallery", "mine", code=1)


def test_a_real_process_ends_with_the_promised_codes(made: Path, home: Path, tmp_path: Path) -> None:
    uploads = made / "uploads"
    assert run_process("--home", home, "scan", uploads / "stranger.jpg", cwd=tmp_path).returncode == 0
    assert run_process("--home", home, "scan", uploads / "copy.jpg", cwd=tmp_path).returncode == 1
    assert run_process("--home", home, "scan", tmp_path / "nothing.jpg", cwd=tmp_path).returncode == 3
    assert run_process("--home", home, "scan", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("option", ["--json", "--csv", "--isc", "--report"])
def test_a_dash_prints_what_a_file_would_hold(made: Path, home: Path, tmp_path: Path, option: str) -> None:
    printed = run(home, "scan", made / "uploads", option, "-", code=1)
    run(home, "scan", made / "uploads", option, tmp_path / "file", code=1)
    assert "2 scanned" in printed.stderr
    written = (tmp_path / "file").read_text("utf-8-sig").splitlines()
    shown = printed.stdout.splitlines()
    if option == "--report":  # the report names the command and the time
        assert (shown[0], shown[-1]) == (written[0], written[-1])
    elif option == "--isc":  # scores of weak candidates may differ in the last digits
        assert [line.rsplit(",", 1)[0] for line in shown] == [line.rsplit(",", 1)[0] for line in written]
    else:
        assert shown == written
    assert not Path("-").exists()


def test_two_outputs_cannot_be_printed_at_once_and_other_commands_refuse_a_dash(made: Path, home: Path) -> None:
    refused = run(home, "scan", made / "uploads", "--csv", "-", "--isc", "-", code=2)
    assert "only one of --csv and --isc can be - (printed)" in refused.stderr
    refused = run(home, "embed", made / "uploads", "--kind", "object", "--out", "-", code=2)
    assert "this output cannot be printed" in refused.stderr


def test_uploads_of_one_name_are_told_where_pairs_are_written(home: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_picture(tmp_path / folder / "1.jpg", made_picture(1)[40:320, 60:420])
    told = run(home, "scan", tmp_path / "a", tmp_path / "b", "--isc", tmp_path / "pairs.csv", code=1).stderr
    assert f"1 ids stand for several files, such as 1 for {tmp_path}/a/1.jpg and {tmp_path}/b/1.jpg" in told
    told = run(home, "scan", tmp_path / "a", "--isc", tmp_path / "pairs.csv", code=1).stderr
    assert "warning" not in told


def test_a_scan_against_nothing_says_so(made: Path, home: Path, tmp_path: Path) -> None:
    told = "warning: no reference is registered there, so nothing can be found"
    run(home, "gallery", "remove", "mine", "--entity", "picture0")
    assert told not in run(home, "scan", made / "uploads", code=1).stderr
    (tmp_path / "none").mkdir()
    run(tmp_path / "new", "register", tmp_path / "none", "--gallery", "mine", code=1)
    assert told in run(tmp_path / "new", "scan", made / "uploads").stderr
