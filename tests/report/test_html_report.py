"""The HTML file as text: complete, self-contained, safe and small."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_made import HOSTILE, MadePictures, finding, hot_finding, turned, unreadable, upload

from lynkeus.core.findings import UploadResult, Verdict
from lynkeus.report.about import ReportInfo
from lynkeus.report.geometry import apply, scaling
from lynkeus.report.html import write_html
from lynkeus.report.parts.alignment import overlay_matrix
from lynkeus.report.parts.heat import heat_pixels
from lynkeus.report.parts.points import MAX_LINES
from lynkeus.report.pictures import NoPictures
from lynkeus.report.view import detail

ABOUT = ReportInfo(
    scanned=("uploads/",),
    started=datetime(2024, 2, 3, 4, 5, tzinfo=UTC),
    seconds=61.0,
    command="lynkeus scan uploads/",
    versions={"lynkeus": "0.1.0"},
    models={"copies": "sha256:abc"},
    policies={"paintings": "review at 1 in 300 clean uploads"},
    backgrounds={"paintings": 900},
    settings={"seed": "0"},
    note="The catalog changed during the scan.",
)


class _Page(HTMLParser):
    """Collect tags, data blocks and attributes of a page, as a browser's tokeniser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.blocks: dict[str, Any] = {}
        self.raw: dict[str, str] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        named = dict(attrs)
        self._open = (named.get("id") or tag) if tag in {"script", "style"} else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.raw[self._open] = self.raw.get(self._open, "") + data
            if self._open not in {"script", "style"}:
                self.blocks[self._open] = json.loads(self.raw[self._open])

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""


def _text(tmp_path: Path, results: list[UploadResult], *, about: ReportInfo = ABOUT) -> str:
    path = tmp_path / "report.html"
    write_html(path, results, MadePictures(results), about=about)
    return path.read_text(encoding="utf-8")


def _some() -> list[UploadResult]:
    return [
        upload("a.jpg", finding(transform=turned(30.0, 0.5)), finding(reference_id=2, entity="Irises")),
        upload("b.jpg", finding(transform=turned(0.0, 1.0, mirrored=True))),
        upload("clear.jpg"),
        unreadable("bad.jpg", "torn after 12 bytes"),
    ]


def test_says_what_was_scanned_when_and_with_what(tmp_path: Path) -> None:
    text = _text(tmp_path, _some())
    for wanted in (
        "4 uploads",
        "3 February 2024, 04:05 UTC",
        "1 min 1 s",
        "3 findings",
        "uploads/",
        "sha256:abc",
        "review at 1 in 300 clean uploads",
        "The catalog changed during the scan.",
    ):
        assert wanted in text


def test_every_upload_is_accounted_for(tmp_path: Path) -> None:
    index = _Page(_text(tmp_path, _some())).blocks["index"]
    assert [name for name, _ in index["uploads"]] == ["a.jpg", "b.jpg"]
    assert [row["u"] for row in index["findings"]] == [0, 0, 1]
    assert index["unreadable"] == [["bad.jpg", "torn after 12 bytes"]]
    assert index["clear"] == [["clear.jpg"]]
    assert (index["findingsAPage"], index["rowsAPage"]) == (50, 200)


def test_each_picture_stands_in_the_page_once(tmp_path: Path) -> None:
    results = _some()
    pictures = MadePictures(results)
    path = tmp_path / "report.html"
    write_html(path, results, pictures, about=ABOUT)
    blocks = _Page(path.read_text(encoding="utf-8")).blocks
    shown = [name for name, value in blocks.items() if isinstance(value, str)]
    assert sorted(shown) == ["reference-1", "reference-2", "upload-0", "upload-1"]
    assert sorted(map(str, pictures.asked)) == ["1", "2", "a.jpg", "b.jpg"]
    assert all(blocks[name].startswith("data:image/jpeg;base64,") for name in shown)


def test_nothing_comes_from_outside_and_the_policy_says_so(tmp_path: Path) -> None:
    text = _text(tmp_path, _some())
    page = _Page(text)
    policy = next(value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.raw[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not {"link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in {"src", "style"} or name.startswith("on")]
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]


def test_hostile_names_stay_text_everywhere(tmp_path: Path) -> None:
    hostile = finding(transform=turned(5.0, 1.0), entity=HOSTILE, reference=HOSTILE, gallery=HOSTILE)
    results = [
        upload(HOSTILE, hostile),
        upload(HOSTILE + "2"),
        unreadable(HOSTILE, HOSTILE),
    ]
    evil = {HOSTILE: HOSTILE}
    about = ReportInfo(
        title=HOSTILE,
        scanned=(HOSTILE,),
        command=HOSTILE,
        versions=evil,
        models=evil,
        policies=evil,
        settings=evil,
        note=HOSTILE,
    )
    text = _text(tmp_path, results, about=about)
    plain = _Page(_text(tmp_path, [upload("a.jpg", finding(transform=turned(5.0, 1.0)))]))
    page = _Page(text)
    assert "<img" not in text
    assert "onerror=alert(1)>" not in text
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.tags.count("script") == plain.tags.count("script")
    assert page.blocks["index"]["uploads"][0][0] == HOSTILE
    assert page.blocks["index"]["unreadable"] == [[HOSTILE, HOSTILE]]


def test_names_that_are_no_utf8_or_deceive_are_shown_written_out(tmp_path: Path) -> None:
    index = _Page(_text(tmp_path, [upload("a\udce9\u202egpj.exe", finding())])).blocks["index"]
    assert index["uploads"][0][0] == r"a\xe9\u202egpj.exe"


def test_a_finding_costs_little(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1200, 1600, 3), np.uint8)
    results = [upload("a.jpg", finding(transform=turned(30.0, 0.5), points=2000))]
    pictures = MadePictures(results, pixels=noise)
    empty = len(_text(tmp_path, []))
    assert len(_text(tmp_path, results)) - empty < 60_000
    path = tmp_path / "noise.html"
    write_html(path, results, pictures, about=ABOUT)
    assert path.stat().st_size - empty < 300_000


def test_equal_scans_give_equal_bytes(tmp_path: Path) -> None:
    assert _text(tmp_path, _some()) == _text(tmp_path, _some())


def test_lines_are_capped_and_lie_on_both_pictures() -> None:
    made = finding(transform=turned(30.0, 0.5), points=2000)
    shown = detail(upload("a.jpg", made), made, None, 900)
    lines = np.array(shown["views"][0]["lines"])
    assert shown["views"][0]["said"] == f"Lines join {len(lines)} of 2000 matched points."
    assert 30 < len(lines) <= MAX_LINES
    assert lines.min() >= 0
    assert np.all(lines[:, :2].max(axis=0) <= shown["upload"]["size"])
    assert np.all(lines[:, 2:].max(axis=0) <= shown["reference"]["size"])


def test_the_overlays_matrix_does_what_the_transform_does() -> None:
    transform = np.array([[0.9, 0.1, 5.0], [-0.2, 1.1, 3.0], [1e-3, 5e-4, 1.0]])
    to_upload, to_reference = scaling((640, 480), (400.0, 300.0)), scaling((320, 240), (200.0, 150.0))
    matrix = overlay_matrix(transform, to_upload, to_reference)
    assert matrix is not None
    columns = np.array(matrix).reshape(4, 4).T
    points = np.random.default_rng(0).uniform(0, 200, (9, 2))
    shown = columns @ np.c_[apply(to_reference, points), np.zeros(9), np.ones(9)].T
    assert np.allclose((shown[:2] / shown[3]).T, apply(to_upload, apply(transform, points)))
    assert np.allclose(shown[2], 0)


@pytest.mark.parametrize("bad", [np.full((3, 3), np.nan), np.zeros((3, 3))])
def test_a_transform_that_is_none_gives_no_overlay(tmp_path: Path, bad: np.ndarray) -> None:
    made = finding(transform=bad)
    results = [upload("a.jpg", made)]
    path = tmp_path / "report.html"
    write_html(path, results, NoPictures(), about=ReportInfo())
    views = _Page(path.read_text(encoding="utf-8")).blocks["finding-0"]["views"]
    assert "aligned" not in [view["draw"] for view in views]


def test_nothing_found_and_nothing_scanned_are_reports_too(tmp_path: Path) -> None:
    index = _Page(_text(tmp_path, [], about=ReportInfo())).blocks["index"]
    assert index["findings"] == index["uploads"] == []


def test_missing_pictures_and_sizes_are_no_errors(tmp_path: Path) -> None:
    made = finding(transform=turned(10.0, 0.5), score=float("nan"), rate=None, rate_upper=None)
    result = UploadResult(upload="a.jpg", verdict=Verdict.REVIEW, findings=(made,))
    path = tmp_path / "report.html"
    write_html(path, [result], NoPictures(), about=ABOUT)
    blocks = _Page(path.read_text(encoding="utf-8")).blocks
    assert "upload-0" not in blocks
    assert blocks["index"]["findings"][0]["score"] is None
    assert blocks["finding-0"]["facts"][0] == ["False alarms", "no estimate: no background yet"]


def test_a_finding_with_a_heat_map_shows_the_map_instead_of_points() -> None:
    heat = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    made = hot_finding(heat)
    shown = detail(upload("a.jpg", made), made, None, 900)
    assert [view["draw"] for view in shown["views"]] == ["heat"]
    assert shown["views"][0]["map"].startswith("data:image/png;base64,")
    assert [name for name, _ in shown["facts"]] == ["False alarms", "Covers", "Similarity to this reference"]
    assert not {"Pixel agreement", "Reference seen"} & {name for name, _ in shown["figures"]}
    assert shown["words"].startswith("The heat map shows which places of the upload speak for the entity; ")


def test_a_heat_map_grows_lighter_and_has_the_pictures_proportions() -> None:
    heat = np.array([[0.0, 0.5, 1.0]], np.float32)
    pixels = heat_pixels(heat, 60, 20)
    assert pixels.shape == (20, 60, 3)
    light = pixels.sum(axis=2)[10].astype(int)
    assert (np.diff(light) >= -2).all()
    assert light[-1] > 500
    assert light[0] < 60
