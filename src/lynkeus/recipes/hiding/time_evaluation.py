"""What a classifier with class maps over time is worth: spans against the made actions, and which parts it finds."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float32

from lynkeus.data.splices import Splice, gathered
from lynkeus.metrics.temporal import Span, temporal_mean_average_precision
from lynkeus.models.classifiers.temporal import TemporalClassifier
from lynkeus.report.laboratory.evaluation import Evaluation

OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5)
SHARES: tuple[float, ...] = tuple(round(0.02 * step, 2) for step in range(1, 50))
_LIKELY, _FOUND = 0.1, 0.5
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

    A class with a chance of .1 or more gives spans: the frames in a row at which its map reaches a share of the way
    from its least to its greatest. A part counts as found when spans of the true class cover half of it.

    Args:
        model: To be measured.
        features: Of all frames of each clip.
        choosing: Videos of the training halves.
        tested: Videos of the other halves.
        rate: Frames a second.
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
    """What is predicted; a span's score is the chance of its class times how high its map stands there."""
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
