"""Pictures with classes; a table or the subfolders of a folder give the class of each picture.

Conventions: a group is one set of classes that exclude each other. Classes are numbered over all groups. Pictures of
different groups say nothing about each other: a firearm model of one group may belong to a firearm type of another.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int64

from lynkeus.core import DataError
from lynkeus.data.annotations import read_folder
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import Listing, Source, list_pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassTable:
    """A table that gives the classes of pictures.

    Attributes:
        file: CSV file, relative to the data root.
        base: Folder to which the table's paths are relative, itself relative to the data root.
        path: Column of the path.
        column: Column of the class.
    """

    file: str
    base: str
    path: str
    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One set of classes.

    Attributes:
        source: Folder, terms, and the role if not all pictures may train.
        table: Table with the class of each picture; with None the class is the folder directly below the source's.
        batch: Pictures of this group per batch.
    """

    source: Source
    table: ClassTable | None
    batch: int

    @property
    def where(self) -> str:
        """The file or folder that names the classes, relative to the data root."""
        return self.source.folder if self.table is None else self.table.file


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClassPictures:
    """Decoded pictures with their classes.

    Attributes:
        cache: The pictures; the source of a picture is its group.
        label: Class of each picture.
        names: Folder and class name of each class number.
    """

    cache: PictureCache
    label: Int64[np.ndarray, " n"]
    names: tuple[tuple[str, str], ...]

    def without(self, held_out: frozenset[tuple[str, str]]) -> Bool[np.ndarray, " n"]:
        """Mask of the pictures whose class is not held out; ``held_out`` has folder and class name."""
        kept = np.array([name not in held_out for name in self.names])
        return kept[self.label]


def read_groups(
    root: Path, groups: Sequence[Group], *, barred: frozenset[str] = frozenset()
) -> tuple[Listing, tuple[str, ...]]:
    """List the pictures of some groups, sorted within each group, with the class of each picture.

    Args:
        root: The data root.
        groups: Groups to read.
        barred: Paths to leave out, relative to the data root.

    Raises:
        DataError: A group has none of the pictures in its table, or a picture lies in no class folder.
    """
    paths: list[str] = []
    owner: list[int] = []
    label: list[str] = []
    for number, group in enumerate(groups):
        may_train = set(list_pictures(root, (group.source,), barred=barred).paths)
        found = sorted((path, name) for path, name in _shown(root, group) if path in may_train)
        if not found:
            raise DataError(f"no picture to train with in {group.where}")
        paths += [path for path, _ in found]
        label += [name for _, name in found]
        owner += [number] * len(found)
    sources = tuple(group.source for group in groups)
    return Listing(paths=tuple(paths), source=tuple(owner), sources=sources), tuple(label)


def named_classes(root: Path, group: Group) -> frozenset[str]:
    """All classes in a group's table or folders, even classes without a picture that may train."""
    return frozenset(name for _, name in _shown(root, group))


def _shown(root: Path, group: Group) -> Iterator[tuple[str, str]]:
    """Path and class of each picture in the table or folders."""
    if group.table is None:
        read = read_folder(root, group.source)
        names = (read.names[label].partition("/")[0] for label in read.one_label_each())
        yield from zip(read.paths, names, strict=True)
        return
    with (root / group.table.file).open(newline="") as file:
        for row in csv.DictReader(file):
            yield f"{group.table.base}/{row[group.table.path]}", row[group.table.column]


def open_classes(
    root: Path,
    groups: Sequence[Group],
    *,
    side: int,
    caches: Path,
    barred: frozenset[str] = frozenset(),
) -> ClassPictures:
    """Open the decoded pictures of some groups.

    Args:
        root: The data root.
        groups: Groups to read.
        side: Longest side of the cached pictures, pixels.
        caches: Folder of caches.
        barred: Paths to leave out, relative to the data root.
    """
    listing, name = read_groups(root, groups, barred=barred)
    cache = open_cache(root, listing, side=side, caches=caches)
    named = dict(zip(listing.paths, name, strict=True))
    of_picture = [(int(group), named[path]) for group, path in zip(cache.source, cache.paths, strict=True)]
    number = {one: place for place, one in enumerate(sorted(set(of_picture)))}
    names = tuple((groups[group].source.folder, name) for group, name in number)
    return ClassPictures(cache=cache, label=np.array([number[one] for one in of_picture], np.int64), names=names)
