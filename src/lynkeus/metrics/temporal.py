"""Metrics of temporal localisation: average precision of spans, as in THUMOS and ActivityNet.

Source: THUMOS challenge, Idrees et al. 2017, https://arxiv.org/abs/1604.06182, section 5; the precision envelope at 101
recalls as in COCO.
Conventions: a span is start and end in seconds, start before end; overlap is intersection over union of time.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from lynkeus.metrics.ranking import worst_first


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A span of a video.

    Attributes:
        video: Number of the video.
        label: Class of the span.
        start: Start, seconds.
        end: End, seconds; after the start.
        score: Confidence of a prediction, higher is surer; not used for true spans.
    """

    video: int
    label: int
    start: float
    end: float
    score: float = 0.0


def temporal_overlap(one: Span, other: Span) -> float:
    """Intersection over union of two spans in time; 0 for different videos.

    >>> temporal_overlap(Span(video=0, label=0, start=0.0, end=4.0), Span(video=0, label=0, start=3.0, end=6.0))
    0.16666666666666666
    """
    if one.video != other.video:
        return 0.0
    both = max(0.0, min(one.end, other.end) - max(one.start, other.start))
    union = one.end - one.start + other.end - other.start - both
    return both / union if union > 0 else 0.0


def temporal_mean_average_precision(predicted: list[Span], truth: list[Span], *, least: float) -> float:
    """Mean average precision of the spans over the classes of the truth.

    For each class, the predictions are taken by falling score, misses first among equal scores. Each prediction is
    matched to the unmatched true span with the largest overlap, if that overlap is at least ``least``.

    Args:
        predicted: Predicted spans with scores.
        truth: True spans.
        least: Smallest overlap that counts, above 0 to 1.

    Raises:
        ValueError: The truth is empty.
    """
    labels = sorted({span.label for span in truth})
    if not labels:
        raise ValueError("no true span to measure against")
    found = [
        _average_precision([p for p in predicted if p.label == label], [t for t in truth if t.label == label], least)
        for label in labels
    ]
    return float(np.mean(found))


def _average_precision(predicted: list[Span], truth: list[Span], least: float) -> float:
    if not predicted:
        return 0.0
    free = [True] * len(truth)
    ranked = sorted(predicted, key=lambda span: -span.score)
    hit = np.zeros(len(ranked), bool)
    for place, span in enumerate(ranked):
        overlap = [temporal_overlap(span, true) if open_ else -1.0 for true, open_ in zip(truth, free, strict=True)]
        best = int(np.argmax(overlap))
        if overlap[best] >= least:
            free[best], hit[place] = False, True
    score = np.array([span.score for span in ranked], np.float64)
    return _enveloped(hit[worst_first(score, hit)], len(truth))


def _enveloped(hit: Bool[np.ndarray, " n"], positives: int) -> float:
    """Area under the precision envelope, sampled at recalls 0, .01, ..., 1."""
    right = np.cumsum(hit)
    precision: Float64[np.ndarray, " n"] = right / np.arange(1, len(hit) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(right / positives, np.linspace(0, 1, 101), side="left")
    at: Float[np.ndarray, " 101"] = np.append(envelope, 0.0)[np.minimum(place, len(envelope))]
    return float(at.mean())
