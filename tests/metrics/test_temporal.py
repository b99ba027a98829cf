"""Average precision of spans."""

import numpy as np
import pytest

from lynkeus.metrics.temporal import Span, temporal_mean_average_precision, temporal_overlap


def _span(start: float, end: float, *, score: float = 0.0, label: int = 0, video: int = 0) -> Span:
    return Span(video=video, label=label, start=float(start), end=float(end), score=score)


def test_overlap_is_of_one_video_alone() -> None:
    assert temporal_overlap(_span(0, 4), _span(2, 6)) == pytest.approx(1 / 3)
    assert temporal_overlap(_span(0, 4), _span(4, 6)) == 0.0
    assert temporal_overlap(_span(0, 4), _span(0, 4, video=1)) == 0.0


def test_the_truth_as_prediction_is_perfect() -> None:
    truth = [_span(0, 4), _span(5, 6, video=1), _span(0, 2, label=3)]
    assert temporal_mean_average_precision(truth, truth, least=0.5) == pytest.approx(1.0)
    assert temporal_mean_average_precision([], truth, least=0.5) == 0.0


def test_golden_average_precision() -> None:
    truth = [_span(0, 10), _span(20, 30)]
    predicted = [_span(0, 10, score=0.9), _span(50, 60, score=0.8), _span(20, 30, score=0.7)]
    # precision 1 up to recall .5 (51 of 101 points), then 2/3
    assert temporal_mean_average_precision(predicted, truth, least=0.5) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_true_span_is_found_once() -> None:
    truth = [_span(0, 10), _span(20, 30)]
    twice = [_span(0, 10, score=0.9), _span(0, 10, score=0.8)]
    assert temporal_mean_average_precision(twice, truth, least=0.5) == pytest.approx(51 / 101)


def test_ties_count_against_us() -> None:
    truth = [_span(0, 10)]
    tied = [_span(0, 10, score=0.5), _span(20, 30, score=0.5)]
    assert temporal_mean_average_precision(tied, truth, least=0.5) == pytest.approx(0.5)


def test_a_class_without_predictions_counts_as_zero_and_one_without_truth_not_at_all() -> None:
    truth = [_span(0, 10), _span(0, 10, label=1)]
    predicted = [_span(0, 10, score=1.0), _span(0, 10, label=7, score=1.0)]
    assert temporal_mean_average_precision(predicted, truth, least=0.5) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="no true span"):
        temporal_mean_average_precision(predicted, [], least=0.5)


def test_falls_with_the_overlap_that_counts() -> None:
    rng = np.random.default_rng(0)
    truth = [_span(5, 15, video=video) for video in range(30)]
    predicted = [
        _span(5 + rng.uniform(-5, 5), 15 + rng.uniform(-4, 4), video=video, score=float(rng.random()))
        for video in range(30)
    ]
    reached = [temporal_mean_average_precision(predicted, truth, least=least) for least in (0.1, 0.5, 0.9)]
    assert reached[0] >= reached[1] > reached[2]
