"""Splits of classes that share none: what is learned on some is measured on others.

Why classes and not pictures: a catalog meets entities that no training saw. The order of the classes comes from
digests of their names, so that it depends neither on the order of the files nor on how many other classes there are:
a new class moves at most one class over each border.
"""

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise

from lynkeus.core import DataError


def split_classes(names: Collection[str], sizes: Sequence[int], *, seed: int) -> tuple[frozenset[str], ...]:
    """Disjoint sets of classes, one a size; together they are all classes.

    Args:
        names: The classes, without repeats.
        sizes: How many each set has, 0 and up; one may be -1 and takes the rest.
        seed: Another seed gives another split.

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
