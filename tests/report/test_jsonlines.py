"""JSON lines: the keys, what never appears, and the way back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_made import HEIGHT, WIDTH, finding, turned, unreadable, upload

from lynkeus.core.errors import CorruptError
from lynkeus.report.jsonlines import JsonLinesWriter, from_line, read_jsonlines, to_line

STRAY = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")


def test_a_line_has_its_keys_in_a_stable_order() -> None:
    line = json.loads(to_line(upload("a.jpg", finding(transform=turned(30.0, 0.5)))))
    assert list(line) == ["upload", "verdict", "findings", "error", "width", "height", "digest", "format"]
    assert list(line["findings"][0]) == [
        "kind",
        "gallery",
        "entity",
        "reference",
        "reference_id",
        "action",
        "rate",
        "rate_upper",
        "score",
        "suppressed_by",
        "region",
        "reference_region",
        "evidence",
    ]
    assert list(line["findings"][0]["evidence"]) == [
        "transform",
        "mirrored",
        "negative",
        "inliers",
        "agreement",
        "overlap",
        "cosine",
        "points",
        "heat",
    ]
    assert line["findings"][0]["evidence"]["heat"] is None


def test_a_heat_map_comes_back_and_lines_of_before_have_none() -> None:
    heat = np.array([[0.0, 0.25, 1.0], [0.125, np.nan, 0.5]], np.float32)
    made = finding(transform=None)
    result = upload("a.jpg", replace(made, evidence=replace(made.evidence, heat=heat)))
    (back,) = from_line(to_line(result)).findings
    assert back.evidence.heat is not None
    np.testing.assert_allclose(back.evidence.heat, np.nan_to_num(heat), atol=0.006)
    line = json.loads(to_line(result))
    del line["findings"][0]["evidence"]["heat"]
    assert from_line(json.dumps(line)).findings[0].evidence.heat is None


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    made = [
        upload(
            "a.jpg",
            finding(transform=turned(30.0, 0.5)),
            finding(suppressed_by=4, rate=None, rate_upper=None),
        ),
        upload("clear.jpg"),
        unreadable(STRAY, "no picture"),
    ]
    path = tmp_path / "scan.jsonl"
    with JsonLinesWriter(path) as writer:
        for result in made:
            writer.write(result)
    back = list(read_jsonlines(path))
    assert [(r.upload, r.verdict, r.error, r.digest, r.width) for r in back] == [
        (r.upload, r.verdict, r.error, r.digest, r.width) for r in made
    ]
    for old, new in zip(made[0].findings, back[0].findings, strict=True):
        assert (old.score, old.rate, old.action, old.suppressed_by) == (
            new.score,
            new.rate,
            new.action,
            new.suppressed_by,
        )
        assert np.allclose(old.region, new.region, atol=0.006)
        assert np.allclose(old.evidence.upload_points, new.evidence.upload_points, atol=0.006)
        assert np.allclose(old.evidence.reference_points, new.evidence.reference_points, atol=0.006)
        assert old.evidence.inliers == new.evidence.inliers
    transform = back[0].findings[0].evidence.transform
    assert transform is not None
    assert np.array_equal(transform, turned(30.0, 0.5))
    assert back[0].findings[1].evidence.transform is None
    assert [to_line(result) for result in back] == path.read_text(encoding="utf-8").splitlines()


def test_names_that_are_no_utf8_are_safe_and_whole() -> None:
    line = to_line(unreadable(STRAY, "no picture"))
    assert json.loads(line)["upload"] == r"caf\xe9.jpg"
    assert from_line(line).upload == STRAY
    assert "upload_bytes" not in to_line(unreadable("café.jpg", "no picture"))


def test_a_name_cannot_break_a_line() -> None:
    name = "a\n\u2028\u0085\u202e\x1b.jpg"
    line = to_line(unreadable(name, "no"))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert from_line(line).upload == name


def test_nan_and_infinity_never_appear() -> None:
    made = finding(transform=np.full((3, 3), np.nan), score=np.nan, rate=np.inf)
    corners = np.array([[0.0, 0.0], [np.inf, 1.0], [1.0, np.nan]])
    broken = replace(
        made,
        region=corners,
        reference_region=corners,
        evidence=replace(made.evidence, agreement=np.nan, cosine=-np.inf),
    )
    line = to_line(upload("a.jpg", broken))
    seen = json.loads(line, parse_constant=pytest.fail)["findings"][0]
    assert seen["score"] is seen["rate"] is seen["evidence"]["transform"] is None
    assert seen["region"] == {"pixels": [], "normalised": []}
    assert seen["evidence"]["points"] == []
    assert np.isnan(from_line(line).findings[0].score)


def test_normalised_corners_of_the_whole_picture_are_nought_and_one() -> None:
    region = json.loads(to_line(upload("a.jpg", finding(transform=np.eye(3)))))["findings"][0]["region"]
    assert region["pixels"][2] == [WIDTH - 0.5, HEIGHT - 0.5]
    assert region["normalised"] == [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_each_line_is_on_disk_before_the_next_upload(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    with JsonLinesWriter(path) as writer:
        writer.write(upload("a.jpg"))
        assert len(list(read_jsonlines(path))) == 1


def test_appending_cuts_off_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    whole = to_line(upload("a.jpg")) + "\n"
    for torn in (whole[:30], "x" * 200_000, ""):
        path.write_text(whole + torn, encoding="utf-8")
        with JsonLinesWriter(path, append=True) as writer:
            writer.write(upload("b.jpg"))
        assert [result.upload for result in read_jsonlines(path)] == ["a.jpg", "b.jpg"]


def test_appending_to_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text("torn", encoding="utf-8")
    with JsonLinesWriter(path, append=True) as writer:
        writer.write(upload("b.jpg"))
    assert [result.upload for result in read_jsonlines(path)] == ["b.jpg"]


@pytest.mark.parametrize("bad", ["", "{", "[]", "null", '{"format": 1}', '{"format": 99}'])
def test_a_damaged_line_is_named(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text(f"{to_line(upload('a.jpg'))}\n{bad}\n", encoding="utf-8")
    with pytest.raises(CorruptError, match="line 2"):
        list(read_jsonlines(path))
