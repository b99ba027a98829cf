"""Add wrong labels on purpose, so that tests can compare a label cleaner with the truth.

There are two kinds of noise: a picture gets a random wrong class; or a class is split in two, as when one person was
collected twice.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.data.class_batches import members_of_classes


class NoisyLabels(NamedTuple):
    """Labels after the noise, and which of them changed.

    Attributes:
        label: Class of each picture after the noise.
        changed: Whether the noise changed the class of the picture.
    """

    label: Int64[np.ndarray, " n"]
    changed: Bool[np.ndarray, " n"]


def flipped(label: Int64[np.ndarray, " n"], *, classes: int, share: float, seed: int) -> NoisyLabels:
    """Replace a share of the labels by random other classes; the share is rounded to whole pictures.

    With one seed, a higher share changes all pictures that a lower share changes, to the same classes, and more.

    Args:
        label: Class of each picture, 0 to below ``classes``.
        classes: Number of classes, at least 2.
        share: Share of the labels to change, 0 to 1.
        seed: Seeds every random choice.

    Raises:
        ValueError: ``share`` is outside 0 to 1, or there are fewer than 2 classes.
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
    """Split a share of the classes, rounded: half of the pictures of a split class, rounded down, get a new class.

    Args:
        label: Class of each picture, 0 and up; new classes get the numbers after the highest.
        share: Share of the classes with two or more pictures to split, 0 to 1.
        seed: Seeds every random choice.

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
