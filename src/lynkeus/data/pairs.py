"""Pairs for the contrastive loss: a fixed number of positive and of negative pairs per class.

Source: DeepFirearm (Hao et al. 2018, https://arxiv.org/abs/1806.02984) and its released code: 180 positive *and* 180
negative pairs for each of 107 classes, 38,520 in all, drawn anew every 5 epochs, batches of 64. Changed: a draw repeats
no positive pair as long as the class has enough pairs, and the order of the pairs changes in each epoch.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.core import DataError
from lynkeus.data.class_batches import members_of_classes

_ORDER = 1  # separates this generator from the generator of the draw; NumPy ignores zeros at the end of a seed


class Pairs(NamedTuple):
    """Pairs of pictures.

    Attributes:
        first: Number of the first picture of each pair.
        second: Number of the second picture of each pair.
        same: Whether both pictures belong to one class.
    """

    first: Int64[np.ndarray, " p"]
    second: Int64[np.ndarray, " p"]
    same: Bool[np.ndarray, " p"]

    def taken(self, rows: Int64[np.ndarray, " q"]) -> "Pairs":
        """The pairs of the given rows, in the order of the rows."""
        return Pairs(self.first[rows], self.second[rows], self.same[rows])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassPairs:
    """Batches of pairs.

    Attributes:
        label: Class of each picture, any numbers.
        seed: Seeds every random choice.
        positives: Positive pairs per class: two pictures of the class.
        negatives: Negative pairs per class: a picture of the class and a uniformly drawn picture of another class.
        batch: Pairs per batch; the last batch of an epoch may have fewer.
        every: Number of epochs that use one draw.

    Raises:
        DataError: A class has a single picture, there is a single class, or a number is too low.
    """

    label: Int64[np.ndarray, " n"]
    seed: int
    positives: int = 180
    negatives: int = 180
    batch: int = 64
    every: int = 5

    def __post_init__(self) -> None:
        if min(self.batch, self.every) < 1:
            raise DataError(f"batches of {self.batch} pairs, drawn every {self.every} epochs; both must be at least 1")
        if min(self.positives, self.negatives) < 0 or self.positives + self.negatives == 0:
            raise DataError(f"{self.positives} positive and {self.negatives} negative pairs per class")
        classes, counts = np.unique(self.label, return_counts=True)
        if len(classes) < 2:
            raise DataError(f"{len(classes)} classes have no negative pairs")
        if counts.min() < 2:
            raise DataError(f"class {classes[counts.argmin()]} has a single picture, so no positive pair")

    def drawn(self, number: int) -> Pairs:
        """All pairs of an epoch, class after class, positives first; ``every`` epochs share one draw.

        Args:
            number: Number of the epoch, 0 and up.
        """
        lap = number // self.every
        members = members_of_classes(self.label)
        order, start = np.concatenate(members), 0
        parts: list[Pairs] = []
        for number_of_class, own in enumerate(members):
            rng = np.random.default_rng((self.seed, lap, number_of_class))
            parts.append(self._of_class(order, start, len(own), rng))
            start += len(own)
        return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def epoch(self, number: int) -> list[Pairs]:
        """The batches of an epoch: the pairs of the draw in an order of this epoch.

        Args:
            number: Number of the epoch, 0 and up.
        """
        pairs = self.drawn(number)
        order = np.random.default_rng((self.seed, number, 0, _ORDER)).permutation(len(pairs.same))
        return [pairs.taken(order[start : start + self.batch]) for start in range(0, len(order), self.batch)]

    def _of_class(self, order: Int64[np.ndarray, " n"], start: int, size: int, rng: np.random.Generator) -> Pairs:
        own = order[start : start + size]
        pairs = size * (size - 1) // 2
        laps = [
            rng.choice(pairs, min(pairs, self.positives - n), replace=False) for n in range(0, self.positives, pairs)
        ]
        low, high = pair_of_number(np.concatenate((np.zeros(0, np.int64), *laps)))
        inside = rng.choice(own, self.negatives)
        outside = rng.integers(0, len(order) - size, self.negatives)
        outside = order[np.where(outside < start, outside, outside + size)]
        same = np.arange(self.positives + self.negatives) < self.positives
        return Pairs(np.concatenate((own[low], inside)), np.concatenate((own[high], outside)), same)


def pair_of_number(
    number: Int64[np.ndarray, " p"],
) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """The pair with a number, in the order (0, 1), (0, 2), (1, 2), (0, 3) and so on.

    Args:
        number: Numbers of pairs, 0 to below 2^50.

    >>> [row.tolist() for row in pair_of_number(np.arange(4))]
    [[0, 0, 1, 0], [1, 2, 2, 3]]
    """
    high = ((1.0 + np.sqrt(1.0 + 8.0 * number)) / 2.0).astype(np.int64)
    high -= high * (high - 1) // 2 > number
    return number - high * (high - 1) // 2, high
