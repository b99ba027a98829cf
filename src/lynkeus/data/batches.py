"""Batches of picture pairs, each a pure function of the seed and the step.

Batches have no state. A run that resumes at step n asks for batch n and gets the batch of an unbroken run. With two
processes, each makes its half of the same batch. Half of the pictures in a batch are hard negatives: each comes from
the folder of another picture in the batch, because pictures of one folder look alike.
"""

import signal
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lynkeus.augment import Transform
from lynkeus.data.cache import PictureCache
from lynkeus.data.views import squash


class Batch(NamedTuple):
    """One process's part of a batch.

    Attributes:
        pixels: Views, uint8 RGB squares: light and heavy view of the first picture, then of the second, and so on.
        picture: Number of the picture that each view shows.
    """

    pixels: Tensor
    picture: Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchPlan:
    """Size and seed of the batches.

    Attributes:
        pictures: Pictures per batch over all processes; even.
        side: Side of the squares, pixels.
        seed: Seeds every random choice in the batches.
    """

    pictures: int
    side: int
    seed: int


class PairBatches(Dataset[Batch]):
    """The batch of each step, indexed by the step, without end.

    Args:
        cache: The pictures.
        plan: Size and seed of the batches.
        light: Edits of the first view.
        heavy: Edits of the second view.
        rank: Number of this process.
        world: Number of processes; divides the pictures of a batch.

    Raises:
        ValueError: The processes cannot share the pictures of a batch as pairs.
    """

    def __init__(
        self,
        cache: PictureCache,
        plan: BatchPlan,
        *,
        light: Transform,
        heavy: Transform,
        rank: int,
        world: int,
    ) -> None:
        if plan.pictures % (2 * world):
            raise ValueError(f"{plan.pictures} pictures per batch do not split into pairs for {world} processes")
        self.cache, self.plan, self.light, self.heavy = cache, plan, light, heavy
        self.rank, self.world = rank, world
        share = np.array([source.share for source in cache.sources])[cache.source]
        self._chance = np.cumsum(share / share.sum())
        order = np.argsort(cache.folder, kind="stable")
        bounds = np.searchsorted(cache.folder[order], np.arange(cache.folder.max() + 2))
        self._folders = [order[low:high] for low, high in pairwise(bounds)]

    def pictures(self, step: int) -> Int64[np.ndarray, " p"]:
        """Numbers of the pictures of a batch: alternately one drawn by its share and one from the same folder."""
        rng = np.random.default_rng((self.plan.seed, step))
        drawn = np.searchsorted(self._chance, rng.random(self.plan.pictures // 2))
        drawn = np.minimum(drawn, len(self.cache) - 1)
        beside = [rng.choice(self._folders[self.cache.folder[number]]) for number in drawn]
        return np.stack((drawn, np.array(beside)), axis=1).reshape(-1).astype(np.int64)

    def __getitem__(self, step: int) -> Batch:
        each = self.plan.pictures // self.world
        mine = range(self.rank * each, (self.rank + 1) * each)
        numbers = self.pictures(step)
        views = [view for place in mine for view in self._views(int(numbers[place]), step, place)]
        picture = numbers[list(mine)].repeat(2)
        return Batch(torch.from_numpy(np.stack(views)), torch.from_numpy(picture))

    def _views(self, number: int, step: int, place: int) -> list[np.ndarray]:
        rng = np.random.default_rng((self.plan.seed, step, place))
        rgb = self.cache[number]
        return [squash(edit(rgb, rng), self.plan.side) for edit in (self.light, self.heavy)]


def load_batches(batches: PairBatches, *, start: int, stop: int, workers: int) -> DataLoader[Batch]:
    """Load the batches of steps ``start`` to ``stop - 1`` in order; worker processes make them ahead of time.

    Args:
        batches: What to load.
        start: First step.
        stop: The step after the last.
        workers: Worker processes; 0 makes each batch on request.
    """
    return DataLoader(
        batches,
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread,
    )


def _one_thread(_: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the trainer finishes its step and saves
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
