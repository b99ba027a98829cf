"""Metrics of weakly supervised localisation."""

import numpy as np
import pytest

from lynkeus.metrics.localisation import (
    best_overlap,
    cover,
    localisation,
    max_box_accuracy,
    max_box_accuracy_v2,
    overlaps,
)


def test_overlaps_equal_counted_cells() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        low = rng.integers(0, 6, (2, 2))
        boxes = np.concatenate((low, low + rng.integers(0, 7, (2, 2))), axis=1)
        grids = []
        for x0, y0, x1, y1 in boxes:
            grid = np.zeros((12, 12), bool)
            grid[y0:y1, x0:x1] = True
            grids.append(grid)
        union = (grids[0] | grids[1]).sum()
        wanted = (grids[0] & grids[1]).sum() / union if union else 0.0
        found = overlaps(boxes[:1].astype(np.float64), boxes[1:].astype(np.float64))
        assert found[0, 0] == pytest.approx(wanted)


def test_a_picture_counts_by_the_best_of_its_true_boxes() -> None:
    truth = np.array([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    assert best_overlap((0.5, 0.5, 1.0, 1.0), truth) == 1.0
    assert best_overlap((0.0, 0.0, 1.0, 0.5), truth) == 0.5
    assert best_overlap(None, truth) == 0.0
    assert best_overlap((0.0, 0.0, 1.0, 1.0), np.zeros((0, 4))) == 0.0


def test_the_three_shares() -> None:
    found = localisation(np.array([0.6, 0.5, 0.49, 0.9]), np.array([True, False, True, True]))
    assert (found.gt_known, found.top1_loc, found.top1_clas) == (0.75, 0.5, 0.75)


def test_the_largest_over_thresholds_is_one_threshold_for_all() -> None:
    overlap = np.array([[0.9, 0.0], [0.0, 0.9], [0.6, 0.0]])
    assert max_box_accuracy(overlap) == pytest.approx(2 / 3)


def test_the_second_version_lets_each_overlap_choose_its_threshold() -> None:
    overlap = np.array([[0.4, 0.0, 0.0], [0.4, 0.6, 0.0], [0.0, 0.6, 0.8]])
    assert max_box_accuracy_v2(overlap) == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="no picture"):
        localisation(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(ValueError, match="no picture"):
        max_box_accuracy(np.zeros((0, 4)))
    with pytest.raises(ValueError, match="no true box"):
        cover(np.ones((4, 4), bool), np.zeros((0, 4)))


def test_cover_counts_pixels_by_their_centres() -> None:
    mask = np.zeros((4, 8), bool)
    mask[:2, :4] = True
    truth = np.array([[0.0, 0.0, 0.25, 1.0], [0.2, 0.0, 0.5, 0.25]])
    found = cover(mask, truth)  # the union: 2 columns of 4 rows, and 2 more pixels of the first row
    assert found.covered == pytest.approx(6 / 10)
    assert found.inside == pytest.approx(6 / 8)
    assert cover(np.zeros((4, 8), bool), truth).inside == 0.0
