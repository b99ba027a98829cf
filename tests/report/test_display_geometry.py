"""Pose, clipping and spreading against closed forms and plain loops."""

import cv2
import numpy as np
import pytest
from report_made import HEIGHT, WIDTH, turned

from lynkeus.report.geometry import apply, area, clip, pose, scaling, spread


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [-170.0, -37.0, 0.0, 90.0, 137.0, 180.0])
def test_pose_gives_back_what_a_similarity_was_made_of(degrees: float, mirrored: bool) -> None:  # noqa: FBT001
    seen = pose(turned(degrees, 0.25, mirrored=mirrored), np.array([100.0, 50.0]))
    assert seen is not None
    assert seen.rotation == pytest.approx(degrees)
    assert seen.scale == pytest.approx(0.25)
    assert seen.stretch == pytest.approx(1.0)
    assert seen.mirrored is mirrored


def test_pose_does_not_change_with_the_homographys_factor() -> None:
    transform = turned(30.0, 2.0)
    assert pose(transform, np.zeros(2)) == pose(-4.0 * transform, np.zeros(2))


def test_pose_of_a_perspective_is_its_derivative() -> None:
    transform = np.array([[0.9, 0.1, 5.0], [-0.2, 1.1, 3.0], [1e-3, 5e-4, 1.0]])
    at, step = np.array([60.0, 80.0]), 1e-4
    around = apply(transform, at + step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]))
    jacobian = np.stack([around[0] - around[1], around[2] - around[3]], axis=1) / (2 * step)
    seen = pose(transform, at)
    assert seen is not None
    assert seen.scale == pytest.approx(np.sqrt(abs(np.linalg.det(jacobian))), rel=1e-5)


def test_pose_of_a_singular_transform_is_none() -> None:
    assert pose(np.diag([1.0, 0.0, 1.0]), np.zeros(2)) is None
    assert pose(np.diag([1.0, 1.0, 0.0]), np.zeros(2)) is None


def test_clipping_keeps_what_lies_inside() -> None:
    inside = np.array([[1.0, 1.0], [5.0, 1.0], [3.0, 4.0]])
    assert np.allclose(np.sort(clip(inside, 10, 10), axis=0), np.sort(inside, axis=0))


def test_clipping_agrees_with_counting_pixels() -> None:
    for degrees in (10.0, 45.0, 200.0):
        corners = apply(turned(degrees, 1.3), np.array([[20.0, 30.0], [280.0, 10.0], [300.0, 200.0], [10.0, 230.0]]))
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [np.round(corners * 256).astype(np.int32)], 1, shift=8)
        assert area(clip(corners, WIDTH, HEIGHT)) == pytest.approx(mask.sum(), rel=0.02)


def test_clipping_a_polygon_outside_or_not_finite_leaves_nothing() -> None:
    assert len(clip(np.array([[20.0, 20.0], [30.0, 20.0], [30.0, 30.0]]), 10, 10)) == 0
    assert len(clip(np.array([[0.0, 0.0], [np.inf, 0.0], [0.0, 5.0]]), 10, 10)) == 0
    assert len(clip(np.zeros((0, 2)), 10, 10)) == 0


def test_spread_points_cover_better_than_the_first_ones() -> None:
    points = np.random.default_rng(0).normal(size=(500, 4))
    rows = spread(points, 20)

    def worst(chosen: np.ndarray) -> float:
        gaps = ((points[:, None] - points[chosen][None]) ** 2).sum(axis=2)
        return float(gaps.min(axis=1).max())

    assert len(rows) == len(np.unique(rows)) == 20
    assert worst(rows) < 0.7 * worst(np.arange(20))


def test_spread_keeps_its_distance() -> None:
    points = np.random.default_rng(1).uniform(0, 10, (300, 2))
    chosen = points[spread(points, 300, apart=2.0)]
    gaps = np.linalg.norm(chosen[:, None] - chosen[None], axis=2) + 100 * np.eye(len(chosen))
    assert len(chosen) > 10
    assert gaps.min() >= 2.0


def test_spread_takes_all_points_when_they_are_few_even_if_equal() -> None:
    assert spread(np.zeros((3, 2)), 5).tolist() == [0, 1, 2]
    assert spread(np.zeros((0, 2)), 5).tolist() == []


def test_scaling_sends_the_pictures_corners_to_the_shown_corners() -> None:
    ends = apply(scaling((64, 48), (400.0, 300.0)), np.array([[-0.5, -0.5], [63.5, 47.5]]))
    assert np.allclose(ends, [[0, 0], [400, 300]])
