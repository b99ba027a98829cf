"""Micro average precision and recall at a precision, compared with loops and golden rows."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lynkeus.metrics import micro_average_precision, recall_at_precision, worst_first

SCORE = np.array([0.9, 0.8, 0.8, 0.7, 0.6])
HIT = np.array([True, True, False, False, True])


def slow_micro_ap(rows: list[tuple[float, bool]], positives: int) -> float:
    """The definition: go through the list, misses first in a tie, and add precision times gain in recall."""
    total, found = 0.0, 0
    for place, (_, hit) in enumerate(sorted(rows, key=lambda row: (-row[0], row[1])), start=1):
        if hit:
            found += 1
            total += found / place / positives
    return total


def slow_recall(rows: list[tuple[float, bool]], positives: int, precision: float) -> float:
    """The definition: for each score, accept everything with at least this score."""
    best = 0.0
    for threshold, _ in rows:
        accepted = [hit for score, hit in rows if score >= threshold]
        if sum(accepted) / len(accepted) >= precision:
            best = max(best, sum(accepted) / positives)
    return best


ROWS = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.7, 0.9]), st.booleans()), max_size=25)


def test_the_golden_rows() -> None:
    assert micro_average_precision(SCORE, HIT, positives=4) == pytest.approx(0.566667, abs=1e-6)
    point = recall_at_precision(SCORE, HIT, positives=4, precision=0.9)
    assert (point.recall, point.precision, point.threshold) == (0.25, 1.0, 0.9)


@given(ROWS, st.integers(0, 5))
def test_equals_the_definition(rows: list[tuple[float, bool]], missing: int) -> None:
    positives = max(1, sum(hit for _, hit in rows) + missing)
    score, hit = np.array([s for s, _ in rows], float), np.array([h for _, h in rows], bool)
    assert micro_average_precision(score, hit, positives) == pytest.approx(slow_micro_ap(rows, positives))
    for precision in (0.5, 0.9, 1.0):
        found = recall_at_precision(score, hit, positives, precision=precision).recall
        assert found == pytest.approx(slow_recall(rows, positives, precision))


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[float, bool]], shuffler: Random) -> None:
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)
    values = {
        micro_average_precision(np.array([s for s, _ in r], float), np.array([h for _, h in r], bool), 30)
        for r in (rows, shuffled)
    }
    assert len(values) == 1


def test_one_score_for_all_cannot_win() -> None:
    hit = np.array([True, False, False, False])
    assert micro_average_precision(np.ones(4), hit, positives=1) == 0.25
    assert worst_first(np.ones(4), hit).tolist()[-1] == 0


def test_a_perfect_list_has_one() -> None:
    assert micro_average_precision(np.array([3.0, 2.0]), np.array([True, True]), positives=2) == 1.0


def test_no_predictions_have_nothing() -> None:
    none, nothing = np.zeros(0), np.zeros(0, bool)
    assert micro_average_precision(none, nothing, positives=3) == 0.0
    point = recall_at_precision(none, nothing, positives=3, precision=0.9)
    assert (point.recall, point.threshold) == (0.0, float("inf"))


def test_the_threshold_accepts_exactly_the_recall() -> None:
    generator = np.random.default_rng(0)
    hit = generator.random(400) < 0.6
    score = np.round(generator.normal(hit * 2.0, 1.0), 1)
    point = recall_at_precision(score, hit, positives=int(hit.sum()), precision=0.95)
    accepted = hit[score >= point.threshold]
    assert accepted.mean() == pytest.approx(point.precision)
    assert accepted.sum() / hit.sum() == pytest.approx(point.recall)
    assert point.recall > 0.3


@pytest.mark.parametrize("positives", [0, 2])
def test_refuses_fewer_true_pairs_than_hits(positives: int) -> None:
    with pytest.raises(ValueError, match="true pairs"):
        micro_average_precision(SCORE, HIT, positives=positives)


def test_refuses_scores_that_are_not_numbers_and_impossible_precisions() -> None:
    with pytest.raises(ValueError, match="not a number"):
        micro_average_precision(np.array([np.nan, 1.0]), np.array([True, False]), positives=1)
    with pytest.raises(ValueError, match="precision"):
        recall_at_precision(SCORE, HIT, positives=4, precision=0.0)
