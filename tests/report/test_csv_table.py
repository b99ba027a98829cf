"""The table for spreadsheets."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_made import finding, turned, unreadable, upload

from lynkeus.core.evidence import Evidence, Excerpt
from lynkeus.core.findings import UploadResult
from lynkeus.core.media import Span
from lynkeus.report.table import COLUMNS, write_csv


def _rows(tmp_path: Path, *results: UploadResult) -> list[dict[str, str]]:
    path = tmp_path / "scan.csv"
    write_csv(path, results)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_one_row_a_finding_and_one_for_an_upload_without(tmp_path: Path) -> None:
    both = upload("a.jpg", finding(transform=turned(5.0, 1.0)), finding(entity="Irises"))
    rows = _rows(tmp_path, both, upload("clear.jpg"), unreadable("bad.jpg", "torn"))
    assert [(row["upload"], row["entity"], row["verdict"], row["error"]) for row in rows] == [
        ("a.jpg", "Sunflowers", "review", ""),
        ("a.jpg", "Irises", "review", ""),
        ("clear.jpg", "", "clear", ""),
        ("bad.jpg", "", "unreadable", "torn"),
    ]
    assert all(len(row) == len(COLUMNS) and None not in row for row in rows)
    assert rows[0]["score"] == "0.9"
    assert rows[0]["mirrored"] == "no"
    assert (rows[0]["inliers"], rows[0]["agreement"], rows[0]["overlap"]) == ("80", "0.83", "0.64")
    assert (rows[0]["similarity"], rows[0]["belief"], rows[0]["names_entity"]) == ("0.71", "likely", "no")
    assert rows[0]["region"].count(",") == 4


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1+1", "|cmd", '"=1', "'=1"]
)
def test_no_text_cell_can_be_a_formula(tmp_path: Path, name: str) -> None:
    row = _rows(tmp_path, upload(name, finding(entity=name, reference=name, gallery=name)))[0]
    for column in ("upload", "entity", "reference", "gallery"):
        assert row[column].lstrip(" '\"")[0] not in "\t\r" or row[column].startswith("'")
        assert row[column].startswith(("'", "\\x"))
    assert _rows(tmp_path, unreadable("a.jpg", name))[0]["error"].startswith(("'", "\\x"))


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    assert _rows(tmp_path, upload("a.jpg", finding(score=-0.25)))[0]["score"] == "-0.25"


def test_what_is_not_finite_is_an_empty_cell(tmp_path: Path) -> None:
    row = _rows(tmp_path, upload("a.jpg", finding(score=np.nan, rate=None)))[0]
    assert row["score"] == row["rate"] == ""


def test_a_part_that_is_missing_leaves_its_cells_empty(tmp_path: Path) -> None:
    row = _rows(tmp_path, upload("a.jpg", replace(finding(), evidence=Evidence())))[0]
    assert [row[name] for name in ("mirrored", "inliers", "overlap", "similarity", "excerpt")] == [""] * 5


def test_text_of_an_upload_can_be_no_formula_either(tmp_path: Path) -> None:
    text = Evidence(excerpt=Excerpt(text="say =1+1", start=4, end=8), facts={"=1": "x", "mask": "worn"})
    row = _rows(tmp_path, upload("a.jpg", replace(finding(), evidence=text)))[0]
    assert row["excerpt"] == "'=1+1"
    assert row["facts"] == "'=1: x; mask: worn"


def test_times_have_columns(tmp_path: Path) -> None:
    row = _rows(tmp_path, upload("a.mp4", replace(finding(), span=Span(1.5, 20.0))))[0]
    assert [row[name] for name in ("start", "end", "reference_start", "reference_end")] == ["1.5", "20.0", "", ""]


def test_strange_names_survive(tmp_path: Path) -> None:
    row = _rows(tmp_path, upload('a,"b"\n\udce9.jpg'))[0]
    assert row["upload"] == r'a,"b"\x0a\xe9.jpg'


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "scan.csv"
    path.write_text("old")

    def failing() -> list[UploadResult]:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_csv(path, (result for _ in [0] for result in failing()))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
