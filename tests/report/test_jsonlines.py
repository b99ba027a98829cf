"""JSON lines: keys, forbidden characters, and reading back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_made import HEIGHT, WIDTH, finding, turned, unreadable, upload

from lynkeus.core.errors import CorruptError
from lynkeus.core.findings import Belief
from lynkeus.core.media import Span
from lynkeus.report.jsonlines import JsonLinesWriter, from_line, read_jsonlines, to_line

STRAY = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")


def test_a_line_has_its_keys_in_a_stable_order() -> None:
    line = json.loads(to_line(upload("a.jpg", finding(transform=turned(30.0, 0.5)))))
    assert list(line) == ["upload", "verdict", "findings", "error", "width", "height", "digest", "schema"]
    assert list(line["findings"][0]) == [
        "kind",
        "gallery",
        "entity",
        "reference",
        "reference_id",
        "names_entity",
        "action",
        "belief",
        "rate",
        "rate_upper",
        "score",
        "suppressed_by",
        "region",
        "reference_region",
        "span",
        "reference_span",
        "evidence",
    ]
    evidence = line["findings"][0]["evidence"]
    parts = {"alignment", "points", "heat", "frames", "track", "excerpt", "similarity", "facts"}
    assert set(evidence) == parts
    assert list(evidence["alignment"]) == ["transform", "mirrored", "negative", "agreement", "overlap"]
    assert {name for name in parts if evidence[name] is None} == {"heat", "frames", "track", "excerpt"}
    assert line["schema"] == 2


def test_what_is_read_back_is_what_was_written(tmp_path: Path) -> None:
    made = [
        upload(
            "a.jpg",
            finding(transform=turned(30.0, 0.5)),
            replace(finding(suppressed_by=4, rate=None, rate_upper=None), belief=Belief.CERTAIN, span=Span(1.5, 20.0)),
            replace(finding(), names_entity=True, reference_span=Span(0.0, 0.25)),
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
        assert (old.belief, old.names_entity, old.span, old.reference_span) == (
            new.belief,
            new.names_entity,
            new.span,
            new.reference_span,
        )
    assert [to_line(result) for result in back] == path.read_text(encoding="utf-8").splitlines()


def test_every_field_is_described() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "json-lines.md").read_text("utf-8")
    line = json.loads(to_line(upload(STRAY, finding(transform=np.eye(3)))))
    found = line["findings"][0]
    evidence = found["evidence"]
    for fields in (line, found, found["region"], evidence, evidence["alignment"]):
        assert [name for name in fields if f"| `{name}` |" not in page] == []


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
        evidence=replace(made.evidence, similarity=-np.inf),
    )
    line = to_line(upload("a.jpg", broken))
    seen = json.loads(line, parse_constant=pytest.fail)["findings"][0]
    assert seen["score"] is seen["rate"] is seen["evidence"]["alignment"] is seen["evidence"]["similarity"] is None
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


@pytest.mark.parametrize("bad", ["", "{", "[]", "null", '{"format": 1}', '{"format": 99}', '{"schema": 99}'])
def test_a_damaged_line_is_named(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "scan.jsonl"
    path.write_text(f"{to_line(upload('a.jpg'))}\n{bad}\n", encoding="utf-8")
    with pytest.raises(CorruptError, match="line 2"):
        list(read_jsonlines(path))


@pytest.mark.parametrize("field", ["belief", "names_entity", "span", "evidence"])
def test_a_finding_without_a_field_is_refused(field: str) -> None:
    line = json.loads(to_line(upload("a.jpg", finding())))
    del line["findings"][0][field]
    with pytest.raises(CorruptError, match=field):
        from_line(json.dumps(line))


def test_lines_of_format_1_are_still_read() -> None:
    both, thing, clear, broken, odd = read_jsonlines(Path(__file__).parent / "format1.jsonl")
    assert [row.upload for row in (both, thing, clear, broken)] == ["copy.jpg", "thing.jpg", "clear.jpg", "broken.jpg"]
    assert (odd.upload, odd.error, broken.verdict.value) == (STRAY, "no picture", "unreadable")
    aligned, whole = both.findings
    assert aligned.evidence.alignment is not None
    assert np.array_equal(aligned.evidence.alignment.transform, turned(30.0, 0.5, mirrored=True))
    assert (aligned.evidence.alignment.mirrored, aligned.evidence.alignment.agreement) == (True, 0.83)
    assert aligned.evidence.points is not None
    assert aligned.evidence.points.upload[0].tolist() == [119.53, 149.46]
    assert aligned.evidence.points.reference[0].tolist() == [198.78, 211.36]
    assert (aligned.evidence.similarity, aligned.evidence.heat, aligned.names_entity) == (0.71, None, False)
    assert (aligned.belief, aligned.suppressed_by, aligned.span) == (Belief.POSSIBLE, 4, None)
    assert whole.evidence.alignment is whole.evidence.points is None
    (named,) = thing.findings
    assert named.evidence.heat is not None
    assert named.evidence.heat.grid.shape == (2, 3)
    assert named.evidence.alignment is named.evidence.points is None
    assert named.names_entity


def test_the_first_lines_of_format_1_have_no_heat_map() -> None:
    text = (Path(__file__).parent / "format1.jsonl").read_text("utf-8").splitlines()[0]
    line = json.loads(text)
    for made in line["findings"]:
        del made["evidence"]["heat"]
    assert to_line(from_line(json.dumps(line))) == to_line(from_line(text))


def test_a_line_of_format_1_is_written_again_as_format_2() -> None:
    for row in read_jsonlines(Path(__file__).parent / "format1.jsonl"):
        line = to_line(row)
        assert json.loads(line)["schema"] == 2
        assert to_line(from_line(line)) == line
