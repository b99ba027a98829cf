"""Made videos: an action, spliced from two clips, between pieces of other clips.

Each class has a clip of its own (the telling part) and shares another with other classes (the shared part). An
action is both, in either order; what surrounds it comes from clips of no class. Only the class of a video is told, so
that a classifier can name it from the telling part alone and miss the other half of the action.

Conventions: videos are rows of frames; a part is drawn from the half of its clip that belongs to training or to
measuring, so that no frame is in both. A video is a function of the seed and its number.
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
    """How videos are made.

    Attributes:
        classes: Each has a clip of its own.
        sharing: Classes that share a clip; divides them.
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
    """One made video.

    Attributes:
        clip: Number of the clip of each frame.
        frame: Number of the frame in its clip.
        label: Class.
        parts: First frame and frame behind the last of the telling and of the shared part.
    """

    clip: Int64[np.ndarray, " t"]
    frame: Int64[np.ndarray, " t"]
    label: int
    parts: tuple[tuple[int, int], tuple[int, int]]


class Splices:
    """Videos of clips, by number.

    Args:
        frames: Number of frames of each clip, in a fixed order; the first ``classes`` tell, the next ones
            are shared, the others surround.
        plan: What a video is made of.
        half: The first half of each clip trains, the second is measured on.
        seed: Of all chance.

    Raises:
        DataError: There are too few clips, or the classes do not share them evenly.
    """

    def __init__(self, frames: Sequence[int], plan: SplicePlan, *, half: Half, seed: int) -> None:
        if plan.sharing < 1 or plan.classes < 1 or plan.classes % plan.sharing:
            raise DataError(f"{plan.classes} classes do not share clips by {plan.sharing}")
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
        """Some frames in a row of a clip's half; those of a short clip are played to and fro."""
        middle = self.frames[clip] // 2
        low, high = (0, middle) if self.half == "train" else (middle, self.frames[clip])
        length, there = int(rng.integers(size[0], size[1] + 1)), max(1, high - low)
        start = int(rng.integers(max(1, there - length + 1)))
        place = (start + np.arange(length)) % (2 * there)
        return clip, (low + np.minimum(place, 2 * there - 1 - place)).astype(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeHiding:
    """Hiding of frames: Hide-and-Seek in time.

    Attributes:
        p: Chance of each segment, 0 to 1; 0 hides nothing.
        segment: Frames of a segment.
    """

    p: float
    segment: int

    def mask(self, length: int, rng: np.random.Generator) -> Bool[np.ndarray, " t"]:
        """Which frames of a row are hidden."""
        return hidden_cells((length,), side=self.segment, p=self.p, rng=rng)


def gathered(features: Mapping[int, Float32[np.ndarray, "_ d"]], splice: Splice) -> Float32[np.ndarray, "t d"]:
    """The features of a made video.

    Args:
        features: Of all frames of each clip.
        splice: The video.
    """
    return np.stack([features[int(clip)][frame] for clip, frame in zip(splice.clip, splice.frame, strict=True)])
