"""Pictures with classes: folders whose tables say what each picture shows.

Conventions: classes are numbered over all groups; a group is one set of classes that exclude each other. Pictures
of different groups say nothing about each other: a firearm of one group's model may lie in another's type.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.core import DataError
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import Listing, Source, list_pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One set of classes.

    Attributes:
        source: Folder, terms, and role if not all may train.
        table: CSV file, relative to the data root.
        base: Folder to which the table's paths are relative, itself relative to the data root.
        path: Column of the path.
        column: Column of the class.
        batch: Its pictures a batch.
    """

    source: Source
    table: str
    base: str
    path: str
    column: str
    batch: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassPictures:
    """Decoded pictures with their classes.

    Attributes:
        cache: The pictures; their source is their group.
        label: Class of each.
        names: Folder and class of each class number.
    """

    cache: PictureCache
    label: Int64[np.ndarray, " n"]
    names: tuple[tuple[str, str], ...]

    def without(self, held_out: frozenset[tuple[str, str]]) -> Bool[np.ndarray, " n"]:
        """Which pictures are of no class that is held out, given by folder and name."""
        kept = np.array([name not in held_out for name in self.names])
        return kept[self.label]


def read_groups(
    root: Path, groups: Sequence[Group], *, barred: frozenset[str] = frozenset()
) -> tuple[Listing, tuple[str, ...]]:
    """The pictures of some groups, sorted within each, and the class of each.

    Args:
        root: The data root.
        groups: What to read.
        barred: Paths that are left out, relative to the data root.

    Raises:
        DataError: A group has no picture of its table.
    """
    paths: list[str] = []
    owner: list[int] = []
    label: list[str] = []
    for number, group in enumerate(groups):
        may_train = set(list_pictures(root, (group.source,), barred=barred).paths)
        with (root / group.table).open(newline="") as file:
            rows = [(f"{group.base}/{row[group.path]}", row[group.column]) for row in csv.DictReader(file)]
        found = sorted((path, name) for path, name in rows if path in may_train)
        if not found:
            raise DataError(f"no picture to train with in {group.table}")
        paths += [path for path, _ in found]
        label += [name for _, name in found]
        owner += [number] * len(found)
    sources = tuple(group.source for group in groups)
    return Listing(paths=tuple(paths), source=tuple(owner), sources=sources), tuple(label)


def classes_of_table(root: Path, group: Group) -> frozenset[str]:
    """The classes that a group's table names, with or without pictures."""
    with (root / group.table).open(newline="") as file:
        return frozenset(row[group.column] for row in csv.DictReader(file))


def open_classes(
    root: Path,
    groups: Sequence[Group],
    *,
    side: int,
    caches: Path,
    barred: frozenset[str] = frozenset(),
) -> ClassPictures:
    """The decoded pictures of some groups.

    Args:
        root: The data root.
        groups: What to read.
        side: Longest side of the cached pictures, pixels.
        caches: Folder of caches.
        barred: Paths that are left out, relative to the data root.
    """
    listing, name = read_groups(root, groups, barred=barred)
    cache = open_cache(root, listing, side=side, caches=caches)
    named = dict(zip(listing.paths, name, strict=True))
    of_picture = [(int(group), named[path]) for group, path in zip(cache.source, cache.paths, strict=True)]
    number = {one: place for place, one in enumerate(sorted(set(of_picture)))}
    names = tuple((groups[group].source.folder, name) for group, name in number)
    return ClassPictures(cache=cache, label=np.array([number[one] for one in of_picture], np.int64), names=names)
