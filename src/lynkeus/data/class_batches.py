"""Batches with a few pictures of each of a few classes, as triplet and other pair losses need.

Source: "PK" batches of Hermans et al. 2017, https://arxiv.org/abs/1703.07737, section 2. Changed: an epoch shows each
class at most once, and a class shows all of its pictures before it repeats one; the source draws anew for each batch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from lynkeus.core import DataError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassBatches:
    """Batches of ``classes`` x ``pictures`` picture numbers, grouped by class.

    A batch repeats no picture unless the class has too few pictures. In such a class the numbers of repeats differ by
    at most one. Classes that do not fill a last batch are left out of the epoch.

    Attributes:
        label: Class of each picture, any numbers.
        classes: Classes per batch, at least 1.
        pictures: Pictures per class in a batch, at least 1.
        seed: Seeds every random choice.

    Raises:
        DataError: There are fewer classes than a batch needs, or a size is below 1.
    """

    label: Int64[np.ndarray, " n"]
    classes: int
    pictures: int
    seed: int

    def __post_init__(self) -> None:
        if min(self.classes, self.pictures) < 1:
            raise DataError(f"{self.classes} classes with {self.pictures} pictures make no batch")
        there = len(np.unique(self.label))
        if there < self.classes:
            raise DataError(f"{there} classes do not fill a batch of {self.classes}")

    def epoch(self, number: int) -> list[Int64[np.ndarray, " b"]]:
        """The batches of an epoch.

        Args:
            number: Number of the epoch, 0 and up.
        """
        members = members_of_classes(self.label)
        order = np.random.default_rng((self.seed, number)).permutation(len(members))
        whole = len(order) - len(order) % self.classes
        rows = order[:whole].reshape(-1, self.classes)
        return [np.concatenate([self._drawn(members[k], int(k), number) for k in row]) for row in rows]

    def _drawn(self, members: Int64[np.ndarray, " m"], place: int, epoch: int) -> Int64[np.ndarray, " k"]:
        """The pictures of a class in an epoch: the next slice of a permutation; a used-up permutation is replaced."""
        slices = max(1, len(members) // self.pictures)
        lap, turn = divmod(epoch, slices)
        order = np.random.default_rng((self.seed, lap, place, 1)).permutation(members)
        return np.resize(order, slices * self.pictures)[turn * self.pictures :][: self.pictures]


def members_of_classes(label: Int64[np.ndarray, " n"]) -> list[Int64[np.ndarray, " m"]]:
    """The pictures of each class, in the order of the class numbers.

    Args:
        label: Class of each picture; class numbers without a picture are skipped.

    >>> [one.tolist() for one in members_of_classes(np.array([7, 2, 7]))]
    [[1], [0, 2]]
    """
    order = np.argsort(label, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.diff(label[order])) + 1
    return list(np.split(order, starts)) if len(order) else []
