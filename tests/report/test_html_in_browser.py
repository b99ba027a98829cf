"""The HTML report in a real browser: it works, without errors and without a single request."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from report_made import HOSTILE, WHOLE, MadePictures, finding, hot_finding, turned, unreadable, upload

from lynkeus.core.findings import Action, UploadResult, Verdict
from lynkeus.report import html
from lynkeus.report.about import ReportInfo

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("LYNKEUS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COUNT, PAGE_SIZE = 43, 20
DRAWN = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: nothing was tested in a browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def _results() -> list[UploadResult]:
    many = [
        upload(
            f"folder/upload_{number:03}.jpg",
            finding(
                transform=turned(3.0 * number, 0.6, mirrored=number % 2 == 1),
                score=1 - number / 1000,
                entity=f"Entity {number % 10}",
                reference_id=number % 3,
                gallery="posters" if number % 5 == 0 else "paintings",
                action=Action.BLOCK if number % 4 == 0 else Action.REVIEW,
                negative=number == 1,
                suppressed_by=7 if number == 2 else None,
            ),
            verdict=Verdict.BLOCK if number % 4 == 0 else Verdict.REVIEW,
        )
        for number in range(COUNT)
    ]
    hostile = finding(score=0.0001, entity=HOSTILE, reference=HOSTILE, reference_id=99)
    return [
        *many,
        upload(HOSTILE, hostile),
        unreadable("broken.jpg", "torn after 12 bytes"),
        *[upload(f"clear_{number}.jpg") for number in range(100)],
    ]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    results = _results()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "FINDINGS_A_PAGE", PAGE_SIZE)
        patch.setattr(html, "ROWS_A_PAGE", PAGE_SIZE)
        html.write_html(path, results, MadePictures(results), about=ReportInfo(scanned=("folder",)))
    return path


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The opened report. At the end, the fixture checks that there was no error, and no request except for the file."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("dialog", lambda dialog: troubles.append(dialog.message))
    opened.on("request", lambda request: _note_request(request.url, report, troubles))
    opened.goto(report.as_uri())
    opened.wait_for_selector(".card svg")
    yield opened
    opened.close()
    assert troubles == []


def _note_request(url: str, report: Path, troubles: list[str]) -> None:
    if url != report.as_uri() and not url.startswith("data:"):
        troubles.append(url)


def _status(page: Page) -> str:
    return page.inner_text("#status")


def _titles(page: Page) -> list[str]:
    return page.locator(".card h3").all_inner_texts()


def test_shows_a_page_of_findings_with_pictures_and_lines(page: Page) -> None:
    assert _status(page) == f"1 to 20 of {COUNT + 1}"
    assert page.locator(".card").count() == PAGE_SIZE
    first = page.locator(".card").first
    assert first.locator(".pair image").count() == 2
    assert first.locator(".pair .outline").count() == 2
    assert 20 <= first.locator(".match").count() <= 60
    assert first.locator(".stage img").count() == 2
    page.wait_for_function(DRAWN)


def test_lines_are_drawn_near_the_screen_and_nothing_moves(page: Page) -> None:
    height = page.evaluate("document.documentElement.scrollHeight")
    lines = page.locator(".card").last.locator(".match")
    assert lines.count() == 0
    page.locator(".card").last.scroll_into_view_if_needed()
    lines.first.wait_for()
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_filters_by_text_verdict_and_gallery(page: Page) -> None:
    page.fill("#text", "UPLOAD_01 entity")
    assert _status(page) == "1 to 10 of 10"
    page.fill("#text", "")
    page.select_option("#verdict", "block")
    assert _status(page) == "1 to 11 of 11"
    page.select_option("#gallery", "posters")
    assert _status(page) == "1 to 3 of 3"
    page.fill("#text", "no such thing")
    assert page.inner_text(".empty") == "No finding fits this filter."


def test_sorts_by_score_and_by_name(page: Page) -> None:
    scores = [float(text.split()[-1]) for text in page.locator(".card .score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    page.select_option("#sort", "entity")
    assert _titles(page)[0] == HOSTILE
    assert _titles(page)[1:] == sorted(_titles(page)[1:])


def test_pages_forward_and_back(page: Page) -> None:
    page.locator("[aria-label='Next page']").first.click()
    assert _status(page) == f"21 to 40 of {COUNT + 1}"
    page.locator("[aria-label='Last page']").first.click()
    assert _status(page) == f"41 to 44 of {COUNT + 1}"
    assert page.locator("[aria-label='Next page']").first.is_disabled()
    page.keyboard.press("p")
    assert _status(page) == f"21 to 40 of {COUNT + 1}"
    page.select_option("#verdict", "review")
    assert _status(page).startswith("1 to 20 ")


def test_the_slider_fades_the_reference(page: Page) -> None:
    slider = page.locator(".card input[type=range]").first
    warped = page.locator(".card .warped").first
    assert warped.evaluate("(image) => getComputedStyle(image).opacity") == "0.5"
    slider.focus()
    page.keyboard.press("Home")
    assert warped.evaluate("(image) => getComputedStyle(image).opacity") == "0"
    page.keyboard.press("End")
    assert warped.evaluate("(image) => getComputedStyle(image).opacity") == "1"


def test_the_overlay_lies_where_the_outline_is(page: Page) -> None:
    for number in range(2):
        card = page.locator(".card").nth(number)
        warped = card.locator(".warped").bounding_box()
        stage = card.locator(".stage").bounding_box()
        points = card.locator(".pair .outline").first.get_attribute("points")
        assert warped
        assert stage
        assert points
        corners = [tuple(map(float, corner.split(","))) for corner in points.split(" ")]
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        assert warped["x"] - stage["x"] == pytest.approx(left, abs=0.5)
        assert warped["y"] - stage["y"] == pytest.approx(top, abs=0.5)


def test_blinking_difference_and_inverted_colours(page: Page) -> None:
    card = page.locator(".card").nth(1)
    warped = card.locator(".warped")
    assert warped.evaluate("(image) => getComputedStyle(image).filter") == "invert(1)"
    card.locator("button.blink").click()
    assert warped.evaluate("(image) => getComputedStyle(image).animationName") == "blink"
    assert card.locator("button.blink").get_attribute("aria-pressed") == "true"
    card.locator("button.difference").click()
    assert warped.evaluate("(image) => getComputedStyle(image).mixBlendMode") == "difference"


def test_the_keys_walk_through_the_findings(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.finding") == "0"
    page.keyboard.press("b")
    assert page.locator(".card").first.locator("button.blink").get_attribute("aria-pressed") == "true"
    page.keyboard.press("/")
    page.keyboard.type("bjk")
    assert page.input_value("#text") == "bjk"


def test_hostile_names_are_only_text(page: Page) -> None:
    page.fill("#text", "onerror")
    page.wait_for_selector(".card svg")
    assert _titles(page) == [HOSTILE]
    assert (
        page.locator(".card .without").inner_text()
        == "Nothing is aligned: the pictures resemble each other as a whole."
    )
    assert page.locator("img[onerror], [src=x]").count() == 0


def test_unreadable_files_and_clear_ones_are_listed(page: Page) -> None:
    assert page.inner_text("#unreadable tbody") == "broken.jpg\ttorn after 12 bytes"
    page.locator("#clear summary").click()
    assert page.locator("#clear tbody tr").count() == PAGE_SIZE
    page.locator("#clear [aria-label='Last page']").click()
    assert page.locator("#clear tbody tr").last.inner_text() == "clear_99.jpg"


def test_suppressed_findings_say_so(page: Page) -> None:
    assert "suppressed by review 7" in page.locator(".card.suppressed .tags").inner_text()


def test_colours_follow_the_system_and_the_button(page: Page) -> None:
    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = paper()
    page.emulate_media(color_scheme="dark")
    dark = paper()
    assert dark != light
    page.click("#theme")
    assert paper() == light
    page.click("#theme")
    assert paper() == dark


def test_every_control_and_picture_has_a_name(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button, [role=img]")].filter(
        (one) => !one.getAttribute("aria-label") && !one.labels?.length && !one.textContent.trim()).length"""
    )
    assert nameless == 0


def test_printing_draws_the_lines_of_every_card(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".card svg:has(.match)").count() == PAGE_SIZE
    page.emulate_media(media="print")
    assert not page.locator(".toolbar select").first.is_visible()
    assert not page.locator(".controls").first.is_visible()


def test_fits_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_part_of_the_evidence_is_drawn(browser: Browser, tmp_path: Path) -> None:
    result = upload("a.mp4", replace(finding(), evidence=WHOLE))
    path = tmp_path / "whole.html"
    html.write_html(path, [result], MadePictures([result]), about=ReportInfo())
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(path.as_uri())
    card = opened.locator(".card").first
    card.locator(".match").first.wait_for(state="attached")
    assert card.locator(".beside strong").all_inner_texts() == ["Aligned", "Heat", "Time", "Time", "Text"]
    assert [card.locator(".strip").nth(number).locator("circle").count() for number in range(2)] == [4, 2]
    assert card.locator(".pair .outline").count() == 4
    assert card.locator(".excerpt").inner_text() == "sold as an MP5 copy"
    assert card.locator(".excerpt mark").inner_text() == "MP5"
    opened.close()
    assert troubles == []


def test_a_finding_with_a_heat_map_is_shown_with_the_map(browser: Browser, tmp_path: Path) -> None:
    result = upload("a.jpg", hot_finding(np.eye(4, dtype=np.float32)))
    path = tmp_path / "heat.html"
    html.write_html(path, [result], MadePictures([result]), about=ReportInfo())
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.goto(path.as_uri())
    opened.wait_for_selector(".card svg")
    card = opened.locator(".card").first
    assert card.locator(".stage img").count() == 2
    assert card.locator("button").count() == 0
    assert card.locator(".beside strong").inner_text() == "Heat"
    card.locator("input[type=range]").focus()
    opened.keyboard.press("End")
    assert card.locator(".warped").evaluate("(image) => getComputedStyle(image).opacity") == "1"
    opened.keyboard.press("b")
    opened.wait_for_function(DRAWN)
    opened.close()
    assert troubles == []
