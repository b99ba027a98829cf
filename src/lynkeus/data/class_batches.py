"""Batches of some classes with some pictures each, as triplet and other pair losses want them.

Source: "PK" batches of Hermans et al. 2017, https://arxiv.org/abs/1703.07737, section 2. Kept beyond it: an epoch
shows each class at most once, and a class goes through its pictures before it shows one again, where the source
draws anew for each batch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from lynkeus.core import DataError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassBatches:
    """Batches of ``classes`` x ``pictures`` picture numbers, class after class.

    The pictures of a class in a batch differ, unless the class has too few: then each comes as often as any other, give
    or take one. When the classes do not divide, the last ones of the epoch's order wait for another epoch.

    Attributes:
        label: Class of each picture, any numbers.
        classes: Classes a batch, at least 1.
        pictures: Pictures a class in a batch, at least 1.
        seed: Of all chance.

    Raises:
        DataError: There are fewer classes than a batch wants, or a size is below 1.
    """

    label: Int64[np.ndarray, " n"]
    classes: int
    pictures: int
    seed: int

    def __post_init__(self) -> None:
        if min(self.classes, self.pictures) < 1:
            raise DataError(f"{self.classes} classes with {self.pictures} pictures are no batch")
        there = len(np.unique(self.label))
        if there < self.classes:
            raise DataError(f"{there} classes do not fill a batch of {self.classes}")

    def epoch(self, number: int) -> list[Int64[np.ndarray, " b"]]:
        """The batches of an epoch.

        Args:
            number: 0 and up.
        """
        members = members_of_classes(self.label)
        order = np.random.default_rng((self.seed, number)).permutation(len(members))
        whole = len(order) - len(order) % self.classes
        rows = order[:whole].reshape(-1, self.classes)
        return [np.concatenate([self._drawn(members[k], int(k), number) for k in row]) for row in rows]

    def _drawn(self, members: Int64[np.ndarray, " m"], place: int, epoch: int) -> Int64[np.ndarray, " k"]:
        """A class's pictures in an epoch: the next slice of a permutation, a new one when all slices are through."""
        slices = max(1, len(members) // self.pictures)
        lap, turn = divmod(epoch, slices)
        order = np.random.default_rng((self.seed, lap, place, 1)).permutation(members)
        return np.resize(order, slices * self.pictures)[turn * self.pictures :][: self.pictures]


def members_of_classes(label: Int64[np.ndarray, " n"]) -> list[Int64[np.ndarray, " m"]]:
    """The pictures of each class, in the order of the classes' numbers.

    Args:
        label: Class of each picture; numbers without a picture are passed over.

    >>> [one.tolist() for one in members_of_classes(np.array([7, 2, 7]))]
    [[1], [0, 2]]
    """
    order = np.argsort(label, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.diff(label[order])) + 1
    return list(np.split(order, starts)) if len(order) else []
