"""Disjoint splits of classes: train on some classes, test on others.

The split is by class, not by picture, because a catalog has entities that no training saw. The digests of the names
order the classes. This order depends neither on the order of the files nor on the other classes, so a new class moves
at most one class over each border.
"""

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise

from lynkeus.core import DataError


def split_classes(names: Collection[str], sizes: Sequence[int], *, seed: int) -> tuple[frozenset[str], ...]:
    """Split the classes into disjoint sets, one per size; together the sets contain all classes.

    Args:
        names: The classes, without repeats.
        sizes: Number of classes in each set, 0 and up; one size may be -1 and takes the rest.
        seed: Seeds the order of the classes.

    Raises:
        DataError: A name repeats, or the sizes do not add up to the classes.

    >>> [len(part) for part in split_classes([f"model {k}" for k in range(167)], (107, 20, -1), seed=0)]
    [107, 20, 40]
    """
    if len(set(names)) != len(names):
        raise DataError("a class is named twice")
    rest = len(names) - sum(size for size in sizes if size >= 0)
    wanted = [rest if size == -1 else size for size in sizes]
    if min(wanted, default=0) < 0 or sum(wanted) != len(names):
        raise DataError(f"sizes {tuple(sizes)} do not split {len(names)} classes")
    order = sorted(names, key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).digest())
    borders = [sum(wanted[:place]) for place in range(len(wanted) + 1)]
    return tuple(frozenset(order[low:high]) for low, high in pairwise(borders))
