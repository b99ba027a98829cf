"""Labelled pictures in three parts: training, choice of thresholds, and test.

Conventions: a column of the table or the digest of the path decides the part of a picture, never chance. The part that
chooses thresholds is taken from the training part. Boxes are shares of the upright picture's width and height, 0 to 1.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64

from lynkeus.core import DataError, read_picture
from lynkeus.data.annotations import Annotations, read_csv
from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import Listing, Source
from lynkeus.data.splits import split_classes

Part = Literal["train", "choose", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """How pictures are split into the three parts.

    Attributes:
        column: Column that decides about the test part; empty uses the digest of the path.
        test: A picture belongs to the test part if its cell starts with this text.
        test_share: Share of each class in the test part if the digest decides, 0 to 1.
        choose_share: Share of the other pictures of each class that choose thresholds and do not train, 0 to 1.
    """

    column: str
    test: str
    test_share: float
    choose_share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelTable:
    """A table of pictures with one label per picture.

    Attributes:
        source: Folder of the pictures.
        file: CSV file, relative to the data root.
        base: Folder to which the table's paths are relative, itself relative to the data root.
        path: Column of the path.
        column: Column of the label.
        boxes: Columns of x0, y0, x1 and y1, pixels of the stored picture; None if the table has no boxes.
        width: Width of a class if the label is a number; None if the label is a name.
        classes: Number of classes to use, chosen by the digests of their names; None uses all.
        split: How the pictures are split into parts.
    """

    source: Source
    file: str
    base: str
    path: str
    column: str
    boxes: tuple[str, str, str, str] | None
    width: int | None
    classes: int | None
    split: Split


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelledPictures:
    """Decoded pictures, each with its class.

    Attributes:
        cache: The readable pictures.
        names: Names of the classes.
        label: Class of each picture.
        value: The number that gave the class; NaN if the label is a name.
        part: 0 for training, 1 for the choice of thresholds, 2 for test.
        boxes: Ground-truth boxes of each picture; may be empty.
    """

    cache: PictureCache
    names: tuple[str, ...]
    label: Int64[np.ndarray, " n"]
    value: Float64[np.ndarray, " n"]
    part: Int64[np.ndarray, " n"]
    boxes: tuple[Float64[np.ndarray, "_ 4"], ...]

    def of(self, part: Part) -> Int64[np.ndarray, " m"]:
        """Numbers of the pictures of a part."""
        return np.flatnonzero(self.part == _PARTS.index(part)).astype(np.int64)


_PARTS: tuple[Part, ...] = ("train", "choose", "test")  # in the order of the numbers in LabelledPictures.part


def open_labelled(
    root: Path, table: LabelTable, *, side: int, caches: Path, barred: frozenset[str] = frozenset()
) -> LabelledPictures:
    """Open the decoded pictures of a table in their three parts.

    An unreadable picture is named in a message and left out.

    Args:
        root: The data root.
        table: Table to read.
        side: Longest side of the cached pictures, pixels.
        caches: Folder of caches.
        barred: Paths to leave out, relative to the data root.

    Raises:
        DataError: A picture has several labels, or a class has no picture to train or to test; the text names the
            picture or the class.
    """
    read = read_csv(root, table.file, path=table.path, column=table.column, base=table.base, box=table.boxes)
    label, value, names = _classes(read, table)
    taken = np.array([path not in barred for path in read.paths]) & _drawn(names, table.classes)[label]
    listing = Listing(
        paths=tuple(path for path, used in zip(read.paths, taken, strict=True) if used),
        source=(0,) * int(taken.sum()),
        sources=(table.source,),
    )
    cache = open_cache(root, listing, side=side, caches=caches)
    number = {path: place for place, path in enumerate(read.paths)}
    rows = np.array([number[path] for path in cache.paths], np.int64)
    wanted = sorted({names[k] for k in label[taken]})
    of_name = {name: place for place, name in enumerate(wanted)}
    kept = np.array([of_name[names[k]] for k in label[rows]], np.int64)
    part = _parts(root, table, cache.paths, kept)
    _check_classes(wanted, kept, part)
    return LabelledPictures(
        cache=cache,
        names=tuple(wanted),
        label=kept,
        value=value[rows],
        part=part,
        boxes=tuple(_boxes(root, read, int(row)) if table.boxes else np.zeros((0, 4)) for row in rows),
    )


def digest_order(paths: Sequence[str], *, seed: int) -> Float64[np.ndarray, " n"]:
    """A number from 0 to 1 for each path, from its digest; other files and their order do not change the number."""
    digests = [hashlib.sha256(f"{seed}\n{path}".encode()).digest() for path in paths]
    return np.array([int.from_bytes(digest[:6]) / 2**48 for digest in digests], np.float64)


def _classes(
    read: Annotations, table: LabelTable
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " n"], tuple[str, ...]]:
    """Class and label value of each picture, and the names of the classes in order."""
    label = read.one_label_each()
    if table.width is None:
        return label, np.full(len(label), np.nan), read.names
    value = np.array([float(read.names[k]) for k in label], np.float64)
    low = np.floor(value / table.width).astype(np.int64)
    bins, label = np.unique(low, return_inverse=True)
    digits = len(str(int((bins.max() + 1) * table.width)))
    names = tuple(f"{b * table.width:0{digits}} to {(b + 1) * table.width - 1:0{digits}}" for b in bins.tolist())
    return label.astype(np.int64), value, names


def _drawn(names: tuple[str, ...], count: int | None) -> Bool[np.ndarray, " c"]:
    drawn = frozenset(names) if count is None else split_classes(names, (count, -1), seed=0)[0]
    return np.array([name in drawn for name in names])


def _parts(
    root: Path, table: LabelTable, paths: tuple[str, ...], label: Int64[np.ndarray, " n"]
) -> Int64[np.ndarray, " n"]:
    split = table.split
    if split.column:
        cells = read_csv(root, table.file, path=table.path, column=split.column, base=table.base, box=table.boxes)
        cell = dict(zip(cells.paths, cells.one_label_each(), strict=True))
        tested = np.array([cells.names[cell[path]].startswith(split.test) for path in paths])
    else:
        tested = _first(digest_order(paths, seed=0), label, np.ones(len(paths), bool), split.test_share)
    choosing = _first(digest_order(paths, seed=1), label, ~tested, split.choose_share)
    return np.where(tested, 2, np.where(choosing, 1, 0)).astype(np.int64)


def _first(
    order: Float64[np.ndarray, " n"], label: Int64[np.ndarray, " n"], among: Bool[np.ndarray, " n"], share: float
) -> Bool[np.ndarray, " n"]:
    """Mark a share, rounded, of the pictures ``among`` each class: those that come first in ``order``."""
    found = np.zeros(len(order), bool)
    for one in np.unique(label):
        members = np.flatnonzero((label == one) & among)
        found[members[np.argsort(order[members])][: round(share * len(members))]] = True
    return found


def _check_classes(names: Sequence[str], label: Int64[np.ndarray, " n"], part: Int64[np.ndarray, " n"]) -> None:
    for k, name in enumerate(names):
        train, choose, test = np.bincount(part[label == k], minlength=3)[:3]
        if not train or not test:
            raise DataError(
                f"class {name} has {train} pictures to train, {choose} to choose and {test} to measure on;"
                " wanted at least one to train and one to measure on"
            )


def _boxes(root: Path, read: Annotations, row: int) -> Float64[np.ndarray, "_ 4"]:
    stored = read_picture(root / read.paths[row], max_side=8)
    size = np.array([stored.width, stored.height] * 2, np.float64)
    return (read.box[read.picture == row] / size).clip(0, 1)
