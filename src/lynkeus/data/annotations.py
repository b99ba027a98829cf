"""Read annotated pictures from a folder, a CSV table or a COCO file into one value type.

Formats: a folder with one subfolder per class; a CSV table with a column for the path, a column for the class and,
if there are boxes, four columns for the box; COCO's JSON (https://cocodataset.org/#format-data) with the lists
``images``, ``annotations`` and ``categories``. The logo challenge uses the COCO format.

Conventions: paths are relative to the data root, with forward slashes. Boxes are x0, y0, x1, y1 in pixels of the
upright picture (COCO stores x, y, width, height). Classes are numbered in the order of their names, pictures in the
order of their paths. An error names the file and, for a text file, the line.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from lynkeus.core import DataError
from lynkeus.data.coco import CocoFile
from lynkeus.data.sources import Source, list_pictures

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Annotations:
    """Pictures with any number of annotations each.

    Attributes:
        paths: Paths of the pictures, relative to the data root, sorted; a picture may have no annotation.
        names: Names of the classes, sorted; a class may have no annotation.
        picture: Picture number of each annotation, in ascending order.
        label: Class number of each annotation.
        box: x0, y0, x1, y1 of each annotation, pixels; NaN for an annotation of the whole picture.
    """

    paths: tuple[str, ...]
    names: tuple[str, ...]
    picture: Int64[np.ndarray, " m"]
    label: Int64[np.ndarray, " m"]
    box: Float64[np.ndarray, "m 4"]

    def one_label_each(self) -> Int64[np.ndarray, " n"]:
        """The class of each picture, for samplers that need exactly one class per picture.

        Raises:
            DataError: A picture has no class or several; the text names the picture.
        """
        shown = np.unique(np.stack((self.picture, self.label), axis=1), axis=0)
        times = np.bincount(shown[:, 0], minlength=len(self.paths))
        if (times != 1).any():
            odd = int(np.argmax(times != 1))
            raise DataError(f"{self.paths[odd]} has {times[odd]} classes, wanted one")
        return shown[:, 1]

    def pictures_of_classes(self) -> Int64[np.ndarray, " c"]:
        """Number of pictures that show each class; a picture that shows a class twice counts once."""
        shown = np.unique(np.stack((self.picture, self.label), axis=1), axis=0)
        return np.bincount(shown[:, 1], minlength=len(self.names))


class _Row(NamedTuple):
    path: str
    name: str
    box: Box | None


def read_folder(root: Path, source: Source) -> Annotations:
    """Read a folder whose subfolders are the classes; a nested folder makes a class such as ``a/b``.

    Args:
        root: The data root.
        source: The folder; if the source has a role, only pictures of this role are read.

    Raises:
        DataError: There is no picture, or a picture lies beside the folders of the classes.
    """
    rows: list[_Row] = []
    for path in list_pictures(root, (source,)).paths:
        name = PurePosixPath(path).relative_to(PurePosixPath(source.folder)).parent.as_posix()
        if name == ".":
            raise DataError(f"{path} lies in no folder of a class")
        rows.append(_Row(path, name, None))
    return _collect(rows)


def read_csv(
    root: Path, table: str, *, path: str, column: str, base: str = "", box: tuple[str, str, str, str] | None = None
) -> Annotations:
    """Read a CSV table: a header, then one annotation per line; UTF-8, with or without a byte-order mark.

    Args:
        root: The data root.
        table: The file, relative to the data root.
        path: Column of the path.
        column: Column of the class.
        base: Folder to which the table's paths are relative, itself relative to the data root.
        box: Columns of x0, y0, x1 and y1, pixels.

    Raises:
        DataError: The table, a column or a cell is missing, a box is invalid, a path leaves the root, or a line
            repeats another line.
    """
    rows: dict[_Row, int] = {}
    with (root / table).open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        wanted = (path, column, *(box or ()))
        missing = [one for one in wanted if one not in (reader.fieldnames or ())]
        if missing:
            there = ", ".join(reader.fieldnames or ())
            raise DataError(f"{table}:1: no column {', '.join(missing)}; there are: {there}")
        for cells in reader:
            place = f"{table}:{reader.line_num}"
            try:
                row = _row_of(cells, path=path, column=column, base=base, box=box)
            except ValueError as error:
                raise DataError(f"{place}: {error}") from error
            if row in rows:
                raise DataError(f"{place}: repeats line {rows[row]}")
            rows[row] = reader.line_num
    return _collect(rows)


def read_coco(root: Path, file: str, *, base: str = "") -> Annotations:
    """Read a COCO file without crowd annotations; pictures and classes without annotations are kept.

    Args:
        root: The data root.
        file: The file, relative to the data root.
        base: Folder of the pictures, relative to the data root.

    Raises:
        DataError: The file is missing, is not JSON or not COCO, or an annotation has an invalid box, picture or class.
    """
    coco = CocoFile.read(root / file, name=file)
    paths: dict[int, str] = {}
    for number, (key, name) in enumerate(coco.pictures()):
        try:
            paths[key] = _inside(base, name)
        except ValueError as error:
            raise coco.error("images", number, str(error)) from error
    names = dict(coco.classes())
    rows: list[_Row] = []
    for number, (x, y, width, height), of_picture, of_class in coco.boxes():
        if of_picture not in paths:
            raise coco.error("annotations", number, f"no picture has the id {of_picture}")
        if of_class not in names:
            raise coco.error("annotations", number, f"no class has the id {of_class}")
        try:
            box = _checked((x, y, x + width, y + height))
        except ValueError as error:
            raise coco.error("annotations", number, str(error)) from error
        rows.append(_Row(paths[of_picture], names[of_class], box))
    return _collect(rows, paths=paths.values(), names=names.values())


def _row_of(cells: Mapping[str, str | None], *, path: str, column: str, base: str, box: tuple[str, ...] | None) -> _Row:
    empty = [one for one in (path, column, *(box or ())) if not cells[one]]
    if empty:
        raise DataError(f"nothing in column {', '.join(empty)}")
    corners = None
    if box is not None:
        x0, y0, x1, y1 = (float(cells[one] or "") for one in box)
        corners = _checked((x0, y0, x1, y1))
    return _Row(_inside(base, cells[path] or ""), cells[column] or "", corners)


def _inside(base: str, path: str) -> str:
    whole = PurePosixPath(base) / path.replace("\\", "/")
    if whole.is_absolute() or ".." in whole.parts:
        raise DataError(f"{path} leaves the data root")
    return whole.as_posix()


def _checked(box: Box) -> Box:
    x0, y0, x1, y1 = box
    if not (np.isfinite(box).all() and x0 < x1 and y0 < y1):
        raise DataError(f"{box} is not a box, wanted x0 < x1 and y0 < y1")
    return box


def _collect(rows: Iterable[_Row], *, paths: Iterable[str] = (), names: Iterable[str] = ()) -> Annotations:
    rows = sorted(rows, key=lambda row: row.path)
    of_path = {path: n for n, path in enumerate(sorted({*paths, *(row.path for row in rows)}))}
    of_name = {name: n for n, name in enumerate(sorted({*names, *(row.name for row in rows)}))}
    nowhere = (np.nan,) * 4
    return Annotations(
        paths=tuple(of_path),
        names=tuple(of_name),
        picture=np.array([of_path[row.path] for row in rows], np.int64),
        label=np.array([of_name[row.name] for row in rows], np.int64),
        box=np.array([row.box or nowhere for row in rows], np.float64).reshape(-1, 4),
    )
