"""The words of a report."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from report_made import CORNERS, HEIGHT, WIDTH, finding, turned

from lynkeus.core.evidence import Alignment, Evidence
from lynkeus.report.words import NO_ESTIMATE, finding_words, rate_words, region_words


def test_names_all_that_was_done_to_the_reference() -> None:
    made = finding(transform=turned(137.0, 0.25, mirrored=True), negative=True)
    assert finding_words(made) == (
        "The upload shows the reference mirrored, rotated 137° clockwise, with inverted colours, at 0.25 of its size."
        " 64 % of the reference is visible."
    )


@pytest.mark.parametrize(
    ("degrees", "mirrored", "wanted"),
    [
        (0.0, False, "unchanged"),
        (1.0, False, "unchanged"),
        (-30.0, False, "rotated 30° anticlockwise"),
        (180.0, False, "turned upside down"),
        (0.0, True, "mirrored"),
        (180.0, True, "flipped top to bottom"),
    ],
)
def test_turns_have_their_usual_names(degrees: float, mirrored: bool, wanted: str) -> None:  # noqa: FBT001
    made = finding(transform=turned(degrees, 1.0, mirrored=mirrored))
    assert finding_words(made).split(". ")[0] == f"The upload shows the reference {wanted}"


def test_stretching_and_perspective_are_named() -> None:
    assert "stretched 2.0 : 1" in finding_words(finding(transform=np.diag([2.0, 1.0, 1.0])))
    narrowed = np.array([[0, 0], [WIDTH, 0], [0.7 * WIDTH, HEIGHT], [0.3 * WIDTH, HEIGHT]], np.float32)
    slanted = cv2.getPerspectiveTransform(CORNERS.astype(np.float32), narrowed).astype(np.float64)
    assert "seen at an angle" in finding_words(finding(transform=slanted))
    assert "seen at an angle" not in finding_words(finding(transform=turned(20.0, 0.5)))


def test_no_transform_and_a_singular_one_are_no_errors() -> None:
    assert finding_words(finding()) == "The upload resembles the reference as a whole; nothing is aligned."
    unseen = finding_words(finding(transform=np.zeros((3, 3))))
    assert unseen == "The upload shows the reference unchanged. 64 % of the reference is visible."


def test_all_of_it_is_said_only_of_all() -> None:
    made = finding(transform=np.eye(3))
    for overlap, wanted in ((1.0, "All of the reference is visible."), (0.99, "99 % of the reference is visible.")):
        alignment = Alignment(transform=np.eye(3), overlap=overlap)
        assert finding_words(replace(made, evidence=Evidence(alignment=alignment))).endswith(wanted)


@pytest.mark.parametrize(
    ("rate", "upper", "background", "wanted"),
    [
        (None, None, None, NO_ESTIMATE),
        (float("nan"), None, None, NO_ESTIMATE),
        (0.0002, 0.0035, 900, "rarer than 1 in 300 clean uploads (95 % upper bound: 1 in 280)"),
        (0.0, 0.01, None, "rarer than 1 in 100 clean uploads (95 % upper bound)"),
        (0.001, 0.0033, 900, "rarer than 1 in 300 clean uploads (95 % upper bound)"),
        (0.0001, 0.001, 900, "rarer than 1 in 300 clean uploads"),
        (0.0, None, None, "no estimate: the background is too small"),
        (0.0, 0.9, 2, "no estimate: the background is too small"),
        (1 / 1250, 1 / 400, 100_000, "about 1 in 1,200 clean uploads (95 % upper bound: 1 in 400)"),
        (0.02, 0.05, 900, "about 1 in 50 clean uploads (95 % upper bound: 1 in 20)"),
        (0.64, 0.7, 900, "about 64 in 100 clean uploads (95 % upper bound: 70 in 100)"),
        (0.004, None, 900, "about 1 in 250 clean uploads"),
    ],
)
def test_rates_in_words(rate: float | None, upper: float | None, background: int | None, wanted: str) -> None:
    assert rate_words(rate, upper, background) == wanted


def test_a_bound_never_claims_more_than_it_is() -> None:
    for rate in np.geomspace(1e-6, 0.09, 200):
        words = rate_words(float(rate), None)
        claimed = int(words.split("1 in ")[1].split(" ")[0].replace(",", ""))
        assert claimed <= 1 / rate + 1e-6


def test_share_of_the_upload_counts_only_what_lies_inside() -> None:
    assert region_words(finding(transform=turned(0.0, 0.5)), WIDTH, HEIGHT) == "25 % of the upload"
    assert region_words(finding(transform=turned(0.0, 3.0)), WIDTH, HEIGHT) == "100 % of the upload"
    assert region_words(finding(), 0, 0) == "no region: the whole upload"
