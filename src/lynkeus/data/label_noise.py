"""Wrong labels put in on purpose, so that a cleaner of labels can be tested against the truth.

Two kinds: a picture gets a class at random that is not its own; and a class is torn in two, as when one person was
collected twice.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.data.class_batches import members_of_classes


class NoisyLabels(NamedTuple):
    """Labels with what was done to them.

    Attributes:
        label: Class of each picture afterwards.
        changed: Whether it is another than before.
    """

    label: Int64[np.ndarray, " n"]
    changed: Bool[np.ndarray, " n"]


def flipped(label: Int64[np.ndarray, " n"], *, classes: int, share: float, seed: int) -> NoisyLabels:
    """A share of the labels, rounded to whole pictures, replaced by other classes, each with the same chance.

    With the same seed a higher share changes the same pictures and more, to the same classes.

    Args:
        label: 0 to below ``classes``.
        classes: How many there are, at least 2.
        share: 0 to 1.
        seed: Of all chance.

    Raises:
        ValueError: ``share`` is outside 0 to 1, or there is no other class.
    """
    if not 0 <= share <= 1 or classes < 2:
        raise ValueError(f"share {share} of {classes} classes; wanted 0 to 1 of at least 2")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(label))
    step = rng.integers(1, classes, len(label))
    changed = np.zeros(len(label), dtype=np.bool_)
    changed[order[: round(share * len(label))]] = True
    return NoisyLabels(np.where(changed, (label + step) % classes, label), changed)


def torn(label: Int64[np.ndarray, " n"], *, share: float, seed: int) -> NoisyLabels:
    """A share of the classes, rounded, torn: half of such a class's pictures, rounded down, get a class of their own.

    Args:
        label: Class of each picture, 0 and up; new classes are numbered behind the highest.
        share: Of the classes with two pictures and more, 0 to 1.
        seed: Of all chance.

    Raises:
        ValueError: ``share`` is outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share}; wanted 0 to 1")
    rng = np.random.default_rng(seed)
    large = [one for one in members_of_classes(label) if len(one) >= 2]
    chosen = rng.permutation(len(large))[: round(share * len(large))]
    after = label.copy()
    for number, place in enumerate(chosen, start=int(label.max(initial=-1)) + 1):
        members = rng.permutation(large[place])
        after[members[: len(members) // 2]] = number
    return NoisyLabels(after, after != label)
