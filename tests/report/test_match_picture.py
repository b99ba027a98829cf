"""The picture of one match."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from jaxtyping import UInt8
from report_made import copied, finding, hot_finding, picture, reference_pixels, turned

from lynkeus.report.match_picture import draw_match, write_match

YELLOW = (255, 214, 10)


def _is(drawn: UInt8[np.ndarray, "h w 3"], colour: tuple[int, int, int]) -> np.ndarray:
    return np.all(drawn == np.array(colour, np.uint8), axis=2)


def _drawn(degrees: float) -> UInt8[np.ndarray, "h w 3"]:
    transform = turned(degrees, 0.6)
    return draw_match(
        copied(reference_pixels(), transform),
        picture(reference_pixels()),
        finding(transform=transform),
    )


def test_has_three_panels_with_an_outline_each() -> None:
    outlined = _is(_drawn(20.0), YELLOW)
    width = outlined.shape[1] // 3
    counts = [int(outlined[:, column * width : (column + 1) * width].sum()) for column in range(3)]
    assert min(counts) > 200


def test_the_outline_lies_where_the_transform_sends_the_reference() -> None:
    upright, turned_round = _is(_drawn(0.0), YELLOW), _is(_drawn(45.0), YELLOW)
    left = upright.shape[1] // 3
    columns = [np.flatnonzero(mask[:, :left].any(axis=0)) for mask in (upright, turned_round)]
    assert np.ptp(columns[0]) == pytest.approx(0.6 * 460, abs=4)
    assert np.ptp(columns[1]) == pytest.approx(0.6 * 460 * (320 + 240) / 320 / np.sqrt(2), abs=4)


def test_the_overlay_shows_the_upload_again_where_the_reference_fits() -> None:
    transform = turned(0.0, 1.0)
    right = finding(transform=transform, points=0)
    drawn = draw_match(picture(reference_pixels()), picture(reference_pixels()), right)
    first, third = drawn[100:380, 50:450], drawn[100:380, 50 + 2 * 488 : 450 + 2 * 488]
    assert np.abs(first.astype(int) - third.astype(int)).max() <= 2
    wrong = draw_match(
        picture(reference_pixels()),
        picture(reference_pixels()),
        finding(transform=transform, points=0, negative=True),
    )
    third_wrong = wrong[100:380, 50 + 2 * 488 : 450 + 2 * 488]
    assert np.abs(third_wrong.astype(int) - 127).max() <= 2


def test_no_finding_and_no_transform_give_two_panels() -> None:
    both = picture(reference_pixels()), picture(reference_pixels())
    assert draw_match(*both, None).shape[1] == draw_match(*both, finding()).shape[1] == _drawn(0.0).shape[1] - 488


def test_a_heat_map_is_laid_over_the_upload() -> None:
    grey = picture(np.full((240, 320, 3), 100, np.uint8))
    drawn = draw_match(grey, grey, hot_finding(np.array([[0.0, 1.0]], np.float32)))
    third = drawn[100:380, 2 * 488 + 28 : 2 * 488 + 488]
    assert drawn.shape[1] == _drawn(0.0).shape[1]
    assert np.abs(third[:, 20:60].astype(int) - 50).max() <= 8
    assert third[:, -60:-20].mean() > 120


def test_reduced_pixels_change_nothing_but_sharpness() -> None:
    whole = picture(reference_pixels())
    small = replace(whole, rgb=np.asarray(cv2.resize(whole.rgb, (80, 60)), np.uint8))
    made = finding(transform=np.eye(3))
    assert draw_match(small, small, made).shape == draw_match(whole, whole, made).shape


def test_extreme_shapes_and_names_are_drawn() -> None:
    thin = picture(np.zeros((3, 3000, 3), np.uint8))
    tall = picture(np.zeros((3000, 3, 3), np.uint8))
    made = finding(transform=turned(0.0, 1e6))
    drawn = draw_match(thin, tall, made, titles=("x" * 500 + "\udce9\u202e猫", ""))
    assert drawn.shape[0] < 600


def test_writes_a_png_whatever_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "match.jpg"
    write_match(path, picture(reference_pixels()), picture(reference_pixels()), finding(transform=np.eye(3)))
    assert path.read_bytes().startswith(b"\x89PNG")
