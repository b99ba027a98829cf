"""Evaluation of a classifier with class maps over time: predicted spans against the made actions and their parts."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float32

from lynkeus.data.splices import Splice, gathered
from lynkeus.metrics.temporal import Span, temporal_mean_average_precision
from lynkeus.models.classifiers.temporal import TemporalClassifier
from lynkeus.report.laboratory.evaluation import Evaluation

OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)  # overlaps in time at which the Hide-and-Seek paper measures mAP
SHARES: tuple[float, ...] = tuple(round(0.02 * step, 2) for step in range(1, 50))
_LIKELY, _FOUND = 0.1, 0.5  # least probability of a class with spans, and least covered share of a found part
Maps = list[tuple[Float32[np.ndarray, " c"], Float32[np.ndarray, "c t"]]]


def evaluate_in_time(
    model: TemporalClassifier,
    features: Mapping[int, Float32[np.ndarray, "_ d"]],
    *,
    choosing: Sequence[Splice],
    tested: Sequence[Splice],
    rate: float,
) -> Evaluation:
    """Figures at the threshold that is best on the choosing videos (mean average precision at an overlap of .3).

    A class with a probability of .1 or more gives spans. A span is a run of frames at which the class's map reaches the
    threshold, a share of the range from the map's lowest to its highest value. A part counts as found when spans of
    the true class cover half of the part.

    Args:
        model: A trained model.
        features: Features of all frames of each clip.
        choosing: Videos of the training halves.
        tested: Videos of the other halves.
        rate: Frames per second.
    """
    seen = _watched(model, features, choosing)
    truth = _truth(choosing, rate)
    reached = [temporal_mean_average_precision(_spans(seen, share, rate), truth, least=0.3) for share in SHARES]
    share = SHARES[int(np.argmax(reached))]
    seen, truth = _watched(model, features, tested), _truth(tested, rate)
    spans = _spans(seen, share, rate)
    figures = {f"mAP at {least:g}": temporal_mean_average_precision(spans, truth, least=least) for least in OVERLAPS}
    right = [int(np.argmax(logit)) == video.label for (logit, _), video in zip(seen, tested, strict=True)]
    hot = [_hot(maps[video.label], share) for (_, maps), video in zip(seen, tested, strict=True)]
    for part, name in enumerate(("telling parts found", "shared parts found")):
        found = [mask[slice(*video.parts[part])].mean() >= _FOUND for mask, video in zip(hot, tested, strict=True)]
        figures[name] = float(np.mean(found))
    return Evaluation(figures={**figures, "top-1": float(np.mean(right)), "threshold of the map": share})


@torch.no_grad()
def _watched(
    model: TemporalClassifier, features: Mapping[int, Float32[np.ndarray, "_ d"]], videos: Sequence[Splice]
) -> Maps:
    model.eval()
    found: Maps = []
    for video in videos:
        watched = model(torch.from_numpy(gathered(features, video))[None])
        found.append((watched.logit[0].numpy(), watched.maps[0].numpy()))
    return found


def _hot(values: Float32[np.ndarray, " t"], share: float) -> Bool[np.ndarray, " t"]:
    low, high = float(values.min()), float(values.max())
    return values >= low + share * (high - low)


def _spans(seen: Maps, share: float, rate: float) -> list[Span]:
    """The predicted spans; a span's score is the probability of its class times the height of the map in the span."""
    spans: list[Span] = []
    for video, (logit, maps) in enumerate(seen):
        raised = np.exp(logit.astype(np.float64) - logit.max())
        chance = raised / raised.sum()
        for label in np.flatnonzero(chance >= _LIKELY).tolist():
            hot = _hot(maps[label], share)
            edges = np.flatnonzero(np.diff(np.concatenate(([0], hot.astype(np.int8), [0]))))
            height = maps[label] - maps[label].min()
            for start, end in edges.reshape(-1, 2).tolist():
                score = float(chance[label] * height[start:end].mean() / max(float(height.max()), 1e-9))
                spans.append(Span(video=video, label=label, start=start / rate, end=end / rate, score=score))
    return spans


def _truth(videos: Sequence[Splice], rate: float) -> list[Span]:
    """The whole action of each video."""
    return [
        Span(
            video=number,
            label=video.label,
            start=min(start for start, _ in video.parts) / rate,
            end=max(end for _, end in video.parts) / rate,
        )
        for number, video in enumerate(videos)
    ]
