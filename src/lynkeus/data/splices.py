"""Synthetic videos: an action, spliced from two clips, between pieces of other clips.

Each class has its own clip (the telling part) and shares another clip with other classes (the shared part). An action
is both parts, in either order. The surroundings come from clips without a class. The classifier learns only from the
class of a video, so the telling part is enough to name the class, and the classifier can miss the other half of the
action.

Conventions: a video is a row of frames. Each part comes from the training half or the test half of its clip, so no
frame is in both. A video depends only on the seed and its number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64

from lynkeus.augment.hiding import hidden_cells
from lynkeus.core import DataError

Half = Literal["train", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SplicePlan:
    """Settings of the synthetic videos.

    Attributes:
        classes: Number of classes; each has its own clip.
        sharing: Number of classes that share a clip; divides ``classes``.
        length: Frames of a video.
        part: Fewest and most frames of a part of an action.
        piece: Fewest and most frames of a piece of surroundings.
    """

    classes: int
    sharing: int
    length: int
    part: tuple[int, int]
    piece: tuple[int, int]


class Splice(NamedTuple):
    """One synthetic video.

    Attributes:
        clip: Clip number of each frame.
        frame: Frame number of each frame in its clip.
        label: Class of the video.
        parts: Start and end (exclusive) of the telling part and of the shared part, frames.
    """

    clip: Int64[np.ndarray, " t"]
    frame: Int64[np.ndarray, " t"]
    label: int
    parts: tuple[tuple[int, int], tuple[int, int]]


class Splices:
    """Synthetic videos by number.

    Args:
        frames: Number of frames of each clip, in a fixed order: first the ``classes`` telling clips, then the shared
            clips, then the surroundings.
        plan: Settings of the videos.
        half: Part of each clip to use: the first half trains, the second half tests.
        seed: Seeds every random choice.

    Raises:
        DataError: There are too few clips, or the classes do not share them evenly.
    """

    def __init__(self, frames: Sequence[int], plan: SplicePlan, *, half: Half, seed: int) -> None:
        if plan.sharing < 1 or plan.classes < 1 or plan.classes % plan.sharing:
            raise DataError(f"{plan.classes} classes do not share clips in groups of {plan.sharing}")
        wanted = plan.classes + plan.classes // plan.sharing + 1
        if len(frames) < wanted:
            raise DataError(f"{len(frames)} clips, wanted at least {wanted} for {plan.classes} classes")
        self.frames, self.plan, self.half, self.seed = frames, plan, half, seed

    def __getitem__(self, number: int) -> Splice:
        rng = np.random.default_rng((self.seed, self.half == "test", number))
        plan, label = self.plan, number % self.plan.classes
        telling, shared = label, plan.classes + label // plan.sharing
        pieces = [self._run(clip, plan.part, rng) for clip in (telling, shared)]
        if rng.random() < 0.5:
            pieces.reverse()
        around = plan.length - sum(len(frame) for _, frame in pieces)
        before = self._surroundings(int(rng.integers(around + 1)), rng)
        after = self._surroundings(around - sum(len(frame) for _, frame in before), rng)
        every = [*before, *pieces, *after]
        clip = np.concatenate([np.full(len(frame), one) for one, frame in every]).astype(np.int64)
        spans = [np.flatnonzero(clip == one) for one in (telling, shared)]
        parts = [(int(span[0]), int(span[-1]) + 1) for span in spans]
        return Splice(clip, np.concatenate([frame for _, frame in every]), label, (parts[0], parts[1]))

    def _surroundings(self, length: int, rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
        first = self.plan.classes + self.plan.classes // self.plan.sharing
        pieces: list[tuple[int, np.ndarray]] = []
        while length > 0:
            clip, frame = self._run(int(rng.integers(first, len(self.frames))), self.plan.piece, rng)
            pieces.append((clip, frame[:length]))
            length -= len(pieces[-1][1])
        return pieces

    def _run(self, clip: int, size: tuple[int, int], rng: np.random.Generator) -> tuple[int, np.ndarray]:
        """Consecutive frames of a clip's half; a short clip is played back and forth."""
        middle = self.frames[clip] // 2
        low, high = (0, middle) if self.half == "train" else (middle, self.frames[clip])
        length, there = int(rng.integers(size[0], size[1] + 1)), max(1, high - low)
        start = int(rng.integers(max(1, there - length + 1)))
        place = (start + np.arange(length)) % (2 * there)
        return clip, (low + np.minimum(place, 2 * there - 1 - place)).astype(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeHiding:
    """Hide segments of frames: Hide-and-Seek in time.

    Attributes:
        p: Probability that a segment is hidden, 0 to 1; 0 hides nothing.
        segment: Frames per segment.
    """

    p: float
    segment: int

    def mask(self, length: int, rng: np.random.Generator) -> Bool[np.ndarray, " t"]:
        """Mask of the hidden frames of a video of ``length`` frames."""
        return hidden_cells((length,), side=self.segment, p=self.p, rng=rng)


def gathered(features: Mapping[int, Float32[np.ndarray, "_ d"]], splice: Splice) -> Float32[np.ndarray, "t d"]:
    """The features of a synthetic video.

    Args:
        features: Features of all frames of each clip.
        splice: The video.
    """
    return np.stack([features[int(clip)][frame] for clip, frame in zip(splice.clip, splice.frame, strict=True)])
