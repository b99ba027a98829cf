"""Each part of the evidence: JSON and back, words for people, and drawings on the page and in the picture."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_made import CORNERS, HEIGHT, WHOLE, WIDTH, finding, picture, reference_pixels, turned, upload

import lynkeus.report
from lynkeus.core.errors import CorruptError
from lynkeus.core.evidence import Alignment, Evidence, Excerpt, Frames, Points, Track
from lynkeus.core.findings import Finding
from lynkeus.core.media import Span
from lynkeus.report import draw_match, evidence_from_json, evidence_to_json
from lynkeus.report.parts import PARTS, parts_of
from lynkeus.report.view import detail
from lynkeus.report.words import finding_words

CARD = Path(lynkeus.report.__file__).parent / "templates" / "card.js"


def _alone(name: str) -> Finding:
    """A finding whose evidence has only one part."""
    return replace(finding(), evidence=Evidence(**{name: getattr(WHOLE, name)}))


def _shown(made: Finding) -> dict[str, Any]:
    return detail(upload("a.jpg", made), made, None, None)


def test_the_table_has_every_part() -> None:
    assert {each.name for each in fields(Evidence)} == set(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_comes_back_from_json_and_nothing_else_does(name: str) -> None:
    text = evidence_to_json(_alone(name).evidence)
    record = json.loads(text)
    assert set(record) == set(PARTS)
    assert {key for key, value in record.items() if value not in (None, {})} == {name}
    back = evidence_from_json(text)
    assert evidence_to_json(back) == text
    assert type(getattr(back, name)) is type(getattr(WHOLE, name))


def test_every_number_of_every_part_comes_back() -> None:
    back = evidence_from_json(evidence_to_json(WHOLE).encode())
    assert back.alignment
    assert back.points
    assert back.heat
    assert back.frames
    assert back.track
    np.testing.assert_array_equal(back.alignment.transform, turned(30.0, 0.5))
    assert (back.alignment.mirrored, back.alignment.negative) == (True, True)
    assert (back.alignment.agreement, back.alignment.overlap) == (0.83, 0.64)
    np.testing.assert_array_equal(back.points.upload, CORNERS / 2)
    np.testing.assert_array_equal(back.points.reference, CORNERS)
    np.testing.assert_array_equal(back.heat.grid, [[0.0, 0.25], [1.0, 0.5]])
    np.testing.assert_array_equal(back.frames.upload, [1.0, 2.5])
    np.testing.assert_array_equal(back.frames.reference, [11.0, 12.5])
    np.testing.assert_array_equal(back.track.at, [1.0, 2.5])
    np.testing.assert_array_equal(back.track.boxes, [[10, 20, 30, 40], [20, 20, 40, 40]])
    assert (back.excerpt, back.similarity, back.facts) == (WHOLE.excerpt, 0.71, {"mask": "worn"})


def test_what_is_not_finite_is_never_written() -> None:
    nan = np.array([np.nan, 1.0])
    broken = Evidence(
        alignment=Alignment(transform=np.eye(3), agreement=np.nan, overlap=np.inf),
        points=Points(upload=np.array([[1.0, np.inf], [1.0, 2.0]]), reference=np.zeros((2, 2))),
        frames=Frames(upload=nan, reference=np.ones(2)),
        track=Track(at=np.ones(2), boxes=np.array([[np.inf] * 4, [1.0, 2.0, 3.0, 4.0]])),
        similarity=np.nan,
    )
    record = json.loads(evidence_to_json(broken), parse_constant=pytest.fail)
    assert (record["alignment"]["agreement"], record["alignment"]["overlap"]) == (None, 0.0)
    assert record["points"] == [[1.0, 2.0, 0.0, 0.0]]
    assert record["frames"] == {"upload": [1.0], "reference": [1.0]}
    assert record["track"] == [[1.0, 1.0, 2.0, 3.0, 4.0]]
    assert record["similarity"] is None
    lost = Evidence(alignment=Alignment(transform=np.full((3, 3), np.nan)))
    assert json.loads(evidence_to_json(lost))["alignment"] is None


def test_a_stray_byte_in_a_text_moves_the_part_that_matched() -> None:
    text = "caf\udce9 MP5"
    back = evidence_from_json(evidence_to_json(Evidence(excerpt=Excerpt(text=text, start=5, end=8)))).excerpt
    assert back
    assert back.text[back.start : back.end] == "MP5"


def test_evidence_of_before_a_part_came_lacks_the_part() -> None:
    record = json.loads(evidence_to_json(WHOLE))
    del record["track"]
    back = evidence_from_json(json.dumps(record))
    assert back.track is None
    assert back.excerpt == WHOLE.excerpt


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "[]",
        '{"alignment": {}}',
        '{"alignment": [[1]]}',
        '{"points": [[1, 2, 3]]}',
        '{"heat": [[1], [1, 2]]}',
        '{"frames": {"upload": [1], "reference": []}}',
        '{"track": [[1, 2]]}',
        '{"excerpt": {"text": "a", "start": 0, "end": 2}}',
        '{"similarity": "high"}',
        '{"facts": {"mask": 1}}',
        '{"facts": []}',
    ],
)
def test_damaged_evidence_is_refused(bad: str) -> None:
    with pytest.raises(CorruptError, match="not evidence"):
        evidence_from_json(bad)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("alignment", "The upload shows the reference mirrored, rotated 30° clockwise, with inverted colours, at 0.5"),
        ("points", "The upload resembles the reference as a whole; nothing is aligned."),
        ("heat", "The heat map shows which places of the upload speak for the entity; the outline surrounds"),
        ("frames", "The upload matches the reference at 2 moments."),
        ("track", "The upload shows the entity from 1.0 s to 2.5 s."),
        ("excerpt", 'The text says "MP5".'),
        ("similarity", "The upload resembles the reference as a whole; nothing is aligned."),
        ("facts", "The upload resembles the reference as a whole; nothing is aligned."),
    ],
)
def test_a_part_has_its_words(name: str, wanted: str) -> None:
    assert finding_words(_alone(name)).startswith(wanted)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("alignment", [["Pixels that agree", "83 %"]]),
        ("points", [["Matched points", "4 fit the alignment"]]),
        ("heat", []),
        ("frames", [["Matching moments", "2, from 1.0 s to 2.5 s of the upload"]]),
        ("track", []),
        ("excerpt", []),
        ("similarity", [["Similarity to this reference", "0.710"]]),
        ("facts", [["Mask", "worn"]]),
    ],
)
def test_a_part_has_its_facts(name: str, facts: list[list[str]]) -> None:
    assert _shown(_alone(name))["facts"][2:] == facts


def test_the_card_has_four_facts_and_the_figures_have_the_rest() -> None:
    whole = replace(finding(), evidence=WHOLE, span=Span(1.0, 2.5))
    shown = _shown(whole)
    assert [name for name, _ in shown["facts"]] == ["False alarms", "Covers", "Time in the upload", "Matched points"]
    figures = dict(shown["figures"])
    assert (figures["Pixel agreement"], figures["Descriptor similarity"], figures["Mask"]) == ("0.830", "0.710", "worn")
    assert figures["Boxes, left top right bottom"] == "1.0 s: 10 20 30 40\n2.5 s: 20 20 40 40"


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("alignment", ["aligned"]),
        ("points", ["lines"]),
        ("heat", ["heat"]),
        ("frames", ["strip"]),
        ("track", ["strip"]),
        ("excerpt", ["excerpt"]),
        ("similarity", []),
        ("facts", []),
    ],
)
def test_a_part_draws_its_view_and_the_page_knows_the_view(name: str, draws: list[str]) -> None:
    table = re.search(r"const VIEWS = \{(.+?)\};", CARD.read_text("utf-8"))
    assert table
    known = re.findall(r"(\w+): \w+", table[1])
    assert [view["draw"] for view in _shown(_alone(name))["views"]] == draws
    assert set(draws) <= set(known)


def test_a_strip_has_the_moments_of_both_sides_and_the_boxes_of_a_track() -> None:
    frames, track = (_shown(_alone(name))["views"][0] for name in ("frames", "track"))
    assert frames["rows"] == [["Upload", [1.0, 2.5]], ["Reference", [11.0, 12.5]]]
    assert track["rows"] == [["Upload", [1.0, 2.5]]]
    assert track["boxes"][0] == [[13.1, 25.6], [38.1, 25.6], [38.1, 50.6], [13.1, 50.6]]
    assert len(track["boxes"]) == 2


def test_an_excerpt_is_cut_around_the_part_that_matched_and_deceives_nobody() -> None:
    hostile = Excerpt(text="a\u202e</script>b", start=2, end=11)
    made = replace(finding(), evidence=Evidence(excerpt=hostile))
    assert _shown(made)["views"][0]["pieces"] == ["a\\u202e", "</script>", "b"]


def test_parts_without_anything_in_them_draw_and_say_nothing() -> None:
    nothing = Evidence(
        points=Points(upload=np.zeros((0, 2)), reference=np.zeros((0, 2))),
        frames=Frames(upload=np.zeros(0), reference=np.zeros(0)),
        track=Track(at=np.zeros(0), boxes=np.zeros((0, 4))),
    )
    shown = _shown(replace(finding(), evidence=nothing))
    assert shown["views"] == []
    assert shown["words"] == "The upload resembles the reference as a whole; nothing is aligned."
    assert evidence_to_json(evidence_from_json(evidence_to_json(nothing))) == evidence_to_json(nothing)


def test_parts_come_in_the_order_of_the_table() -> None:
    names = list(PARTS)
    found = [part for part, _ in parts_of(WHOLE)]
    assert found == [PARTS[name] for name in names]


def test_the_whole_evidence_is_drawn() -> None:
    both = picture(reference_pixels())
    drawn = draw_match(both, both, replace(finding(), evidence=WHOLE))
    assert drawn.shape[1] == 4 * (460 + 28) + 28
    assert (both.width, both.height) == (WIDTH, HEIGHT)
