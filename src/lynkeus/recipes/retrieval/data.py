"""Training and evaluation data of a retrieval recipe: disjoint sets of classes.

Conventions: classes of two groups may overlap (a type of firearm may include a model). Pairs, softmaxes and lists
therefore stay within a group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.core import DataError
from lynkeus.data.classes import ClassPictures, Group, named_classes, open_classes, read_groups
from lynkeus.data.splits import split_classes
from lynkeus.models.embedders import Embedder
from lynkeus.recipes.view_maps import ViewMaps

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
_FEWEST = 2  # a loss needs two classes to tell apart, and a class needs two pictures to compare


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Classes of a group that do not train.

    Attributes:
        val: Number of classes kept for choosing settings.
        test: Number of classes kept for the evaluation.
    """

    val: int
    test: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SplitPictures:
    """Pictures, their classes, and the part of each class.

    Attributes:
        pictures: All pictures.
        part: Part of each class.
        group: Group of each class.
        left_out: Unreadable pictures, relative to the data root.
        may_train: Whether each picture may train, provided that its class trains.
    """

    pictures: ClassPictures
    part: tuple[Part, ...]
    group: Int64[np.ndarray, " c"]
    left_out: tuple[str, ...]
    may_train: Bool[np.ndarray, " n"]

    def classes(self, part: Part, group: int) -> Int64[np.ndarray, " k"]:
        """Numbers of the classes of a part of a group."""
        return np.flatnonzero((np.array(self.part) == part) & (self.group == group))

    def numbers(self, part: Part, group: int) -> Int64[np.ndarray, " m"]:
        """Numbers of the pictures of a part of a group."""
        of_part = np.isin(self.pictures.label, self.classes(part, group))
        return np.flatnonzero(of_part & self.may_train if part == "train" else of_part)

    def groups(self, part: Part) -> list[int]:
        """The groups that have classes in a part."""
        return [group for group in np.unique(self.group).tolist() if len(self.classes(part, group))]

    def of_part(self, part: Part) -> Int64[np.ndarray, " m"]:
        """Numbers of all pictures of a part, group after group."""
        return np.concatenate([np.zeros(0, np.int64), *(self.numbers(part, group) for group in self.groups(part))])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Opened:
    """A recipe's pictures and their maps.

    Attributes:
        split: The pictures and their classes.
        maps: The maps of the pictures, from the model before training.
        start: The model before training.
    """

    split: SplitPictures
    maps: ViewMaps
    start: Embedder


def open_split(
    root: Path,
    groups: Sequence[Group],
    kept: Sequence[Kept],
    *,
    side: int,
    caches: Path,
    seed: int,
    barred: frozenset[str] = frozenset(),
) -> SplitPictures:
    """Read the pictures of the groups and split their classes into parts.

    Args:
        root: The data root.
        groups: The groups.
        kept: Classes of each group that do not train.
        side: Longest side of the cached pictures, pixels.
        caches: Folder of caches.
        seed: Seed of the split.
        barred: Held-out pictures, relative to the data root; they must not train.

    Raises:
        DataError: A class has no readable picture, or a training class has only one; or a group has fewer than two
            classes left for training.
        FileNotFoundError: A group has no picture at all.
    """
    for group, keep in zip(groups, kept, strict=True):
        names = named_classes(root, group)
        if len(names) - keep.val - keep.test < _FEWEST:
            raise DataError(
                f"{group.where} has {len(names)} classes; {keep.val} for choosing and {keep.test} for evaluation leave "
                f"fewer than {_FEWEST} that train"
            )
    pictures = open_classes(root, groups, side=side, caches=caches)
    listing, _ = read_groups(root, groups)
    number = {name: place for place, name in enumerate(pictures.names)}
    may_train = np.array([path not in barred for path in pictures.cache.paths], bool)
    every, training = (np.bincount(pictures.label[one], minlength=len(number)) for one in (slice(None), may_train))
    part: dict[int, Part] = {}
    owner = np.zeros(len(number), np.int64)
    for place, (group, keep) in enumerate(zip(groups, kept, strict=True)):
        names = named_classes(root, group)
        split = split_classes(names, (-1, keep.val, keep.test), seed=seed)
        for label, classes in zip(PARTS, split, strict=True):
            for name in sorted(classes):
                one = number.get((group.source.folder, name))
                there = 0 if one is None else int((training if label == "train" else every)[one])
                if one is None or (label == "train" and there < _FEWEST):
                    raise DataError(
                        f"class {name!r} of {group.where} has {there} pictures that can be read and used, wanted 2"
                    )
                part[one], owner[one] = label, place
    missing = tuple(sorted(set(listing.paths) - set(pictures.cache.paths)))
    return SplitPictures(
        pictures=pictures,
        part=tuple(part[one] for one in range(len(number))),
        group=owner,
        left_out=missing,
        may_train=may_train,
    )
