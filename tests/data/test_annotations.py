import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lynkeus.core import DataError
from lynkeus.data.annotations import Annotations, read_coco, read_csv, read_folder
from lynkeus.data.sources import Source

pytestmark = pytest.mark.torch

BOX = ("x0", "y0", "x1", "y1")


def _rows(found: Annotations) -> list[tuple[str, str, tuple[float, ...] | None]]:
    boxes = [None if np.isnan(box).all() else tuple(box.tolist()) for box in found.box]
    whole = zip(found.picture.tolist(), found.label.tolist(), boxes, strict=True)
    return [(found.paths[p], found.names[k], box) for p, k, box in whole]


def _source(folder: str) -> Source:
    return Source(folder=folder, terms="free", share=1.0)


def _coco() -> dict[str, Any]:
    return {
        "info": {"images": ["not these"]},
        "images": [{"id": 70, "file_name": "b.jpg"}, {"id": 4, "file_name": "a.jpg"}, {"id": 5, "file_name": "c.jpg"}],
        "annotations": [
            {"id": 1, "image_id": 70, "category_id": 9, "bbox": [10, 20, 30.5, 40]},
            {"id": 2, "image_id": 4, "category_id": 3, "bbox": [0, 0, 5, 6], "iscrowd": 0},
            {"id": 3, "image_id": 4, "category_id": 9, "bbox": [0, 0, 50, 60], "iscrowd": 1},
        ],
        "categories": [{"id": 9, "name": "tiger"}, {"id": 3, "name": "swoosh"}, {"id": 1, "name": "none"}],
    }


def _written(root: Path, content: Any) -> Path:
    (root / "set.json").write_text(json.dumps(content, indent=1))
    return root


def test_the_three_formats_give_the_same_value(tmp_path: Path) -> None:
    for name in ("set/x/1.jpg", "set/x/2.jpg", "set/a/y/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "set.csv").write_text("kind,file\nx,x/2.jpg\nx,x/1.jpg\na/y,a/y/1.png\n")
    folder = read_folder(tmp_path, _source("set"))
    table = read_csv(tmp_path, "set.csv", path="file", column="kind", base="set")
    assert _rows(folder) == [("set/a/y/1.png", "a/y", None), ("set/x/1.jpg", "x", None), ("set/x/2.jpg", "x", None)]
    assert _rows(table) == _rows(folder)
    assert (table.paths, table.names) == (folder.paths, folder.names) == (folder.paths, ("a/y", "x"))
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("file,kind,x0,y0,x1,y1\nb.jpg,tiger,10,20,40.5,60\na.jpg,swoosh,0,0,5,6\n")
    coco = read_coco(_written(tmp_path, _coco()), "set.json")
    assert _rows(read_csv(tmp_path, "boxes.csv", path="file", column="kind", box=BOX)) == _rows(coco)


def test_coco_boxes_become_corners_crowds_go_and_bare_pictures_and_classes_stay(tmp_path: Path) -> None:
    found = read_coco(_written(tmp_path, _coco()), "set.json", base="pictures")
    assert _rows(found) == [
        ("pictures/a.jpg", "swoosh", (0.0, 0.0, 5.0, 6.0)),
        ("pictures/b.jpg", "tiger", (10.0, 20.0, 40.5, 60.0)),
    ]
    assert found.paths == ("pictures/a.jpg", "pictures/b.jpg", "pictures/c.jpg")
    assert found.names == ("none", "swoosh", "tiger")
    assert found.pictures_of_classes().tolist() == [0, 1, 1]


def test_a_folder_of_nothing_and_a_picture_of_no_class_are_errors_that_name_them(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(DataError, match="set"):
        read_folder(tmp_path, _source("set"))
    (tmp_path / "set" / "stray.jpg").touch()
    with pytest.raises(ValueError, match=r"set/stray\.jpg lies in no folder"):
        read_folder(tmp_path, _source("set"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("file,kind,x0,y0,x1\na.jpg,x,0,0,1\n", r"set\.csv:1: no column y1; there are: file, kind, x0"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,0,0,1,1\n\nb.jpg,,0,0,1,1\n", r"set\.csv:4: nothing in column kind"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,0,0,1\n", r"set\.csv:2: nothing in column y1"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,0,0,one,1\n", r"set\.csv:2: could not convert"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,5,0,5,1\n", r"set\.csv:2: .* is not a box"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,0,0,nan,1\n", r"set\.csv:2: .* is not a box"),
        ("file,kind,x0,y0,x1,y1\n../a.jpg,x,0,0,1,1\n", r"set\.csv:2: \.\./a\.jpg leaves the data root"),
        ("file,kind,x0,y0,x1,y1\n/a.jpg,x,0,0,1,1\n", r"set\.csv:2: /a\.jpg leaves the data root"),
        ("file,kind,x0,y0,x1,y1\na.jpg,x,0,0,1,1\na.jpg,x,0,0,1,1\n", r"set\.csv:3: repeats line 2"),
        ("", r"set\.csv:1: no column file"),
    ],
)
def test_an_error_in_a_table_names_the_file_and_the_line(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "set.csv").write_text(text)
    with pytest.raises(ValueError, match=wanted):
        read_csv(tmp_path, "set.csv", path="file", column="kind", box=BOX)


def test_a_table_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_bytes("\ufefffile,kind\nä.jpg,x\n".encode())
    assert _rows(read_csv(tmp_path, "set.csv", path="file", column="kind")) == [("ä.jpg", "x", None)]


@pytest.mark.parametrize(
    ("key", "number", "change", "wanted"),
    [
        ("annotations", 1, {"bbox": [0, 0, 5]}, "a bbox of four numbers"),
        ("annotations", 1, {"bbox": [0, 0, 5, "6"]}, "a bbox of four numbers"),
        ("annotations", 0, {"bbox": [0, 0, 0, 6]}, "is not a box"),
        ("annotations", 1, {"image_id": 6}, "no picture has the id 6"),
        ("annotations", 0, {"category_id": 2}, "no class has the id 2"),
        ("images", 2, {"id": 4}, "the id 4 comes twice"),
        ("images", 1, {"file_name": "../a.jpg"}, "leaves the data root"),
        ("images", 0, {"file_name": None}, "wanted id and file_name"),
        ("categories", 2, {"id": 9}, "the id 9 comes twice"),
        ("categories", 0, {"name": 7}, "wanted id and name"),
    ],
)
def test_an_error_in_a_coco_file_names_the_file_and_the_line(
    tmp_path: Path, key: str, number: int, change: dict[str, Any], wanted: str
) -> None:
    content = _coco()
    content[key][number] |= change | {"mark": "here"}
    root = _written(tmp_path, content)
    lines = (root / "set.json").read_text().splitlines()
    mark = next(n for n, line in enumerate(lines) if '"mark"' in line)
    line = max(n for n, text in enumerate(lines[:mark], start=1) if text.strip() == "{")
    with pytest.raises(ValueError, match=rf"^set\.json:{line}: {key}\[{number}\]: .*{wanted}"):
        read_coco(root, "set.json")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{\n"images": [],\n"annotations": [,]}', r"set\.json:3: "),
        ('{"images": [], "annotations": {}}', r"set\.json:1: no list annotations, categories"),
        ("[1, 2]", r"set\.json:1: no list images, annotations, categories"),
    ],
)
def test_refuses_what_is_no_coco_file(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "set.json").write_text(text)
    with pytest.raises(ValueError, match=wanted):
        read_coco(tmp_path, "set.json")


def test_samplers_want_one_class_a_picture_and_hear_which_has_not(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("file,kind\nb.jpg,x\na.jpg,y\nc.jpg,x\n")
    read = read_csv(tmp_path, "set.csv", path="file", column="kind")
    assert read.one_label_each().tolist() == [1, 0, 0]
    (tmp_path / "set.csv").write_text("file,kind\nb.jpg,x\na.jpg,y\nb.jpg,y\n")
    with pytest.raises(ValueError, match=r"b\.jpg has 2 classes"):
        read_csv(tmp_path, "set.csv", path="file", column="kind").one_label_each()
    with pytest.raises(ValueError, match=r"c\.jpg has 0 classes"):
        read_coco(_written(tmp_path, _coco()), "set.json").one_label_each()
