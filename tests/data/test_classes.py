from pathlib import Path

import cv2
import numpy as np
import pytest

from lynkeus.core import DataError
from lynkeus.data.classes import ClassTable, Group, named_classes, open_classes, read_groups
from lynkeus.data.sources import Source


def _group(folder: str, *, role: str | None = None) -> Group:
    source = Source(folder=f"set/{folder}", terms="free", share=1.0, role=role)
    return Group(
        source=source, table=ClassTable(file=f"set/{folder}.csv", base="set", path="file", column="kind"), batch=4
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two folders of noise pictures with tables; the table of ``b`` lacks one picture."""
    rng = np.random.default_rng(0)
    tables = {"a": ("x", "y", "x"), "b": ("x", "z")}
    roles: list[str] = []
    for folder, kinds in tables.items():
        (tmp_path / "set" / folder).mkdir(parents=True)
        for number in range(3):
            noise = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "set" / folder / f"{number}.png"), noise)
            roles.append(f"{folder}/{number}.png,{'reference' if number == 1 else 'train'}")
        lines = [f"{folder}/{number}.png,{kind}" for number, kind in enumerate(kinds)]
        (tmp_path / f"set/{folder}.csv").write_text("\n".join(("file,kind", *lines)) + "\n")
    (tmp_path / "set/roles.csv").write_text("\n".join(("path,role", *roles)) + "\n")
    return tmp_path


def test_numbers_the_classes_over_all_groups(root: Path) -> None:
    found = open_classes(root, (_group("a"), _group("b")), side=32, caches=root / "caches")
    assert found.cache.paths == ("set/a/0.png", "set/a/1.png", "set/a/2.png", "set/b/0.png", "set/b/1.png")
    assert found.names == (("set/a", "x"), ("set/a", "y"), ("set/b", "x"), ("set/b", "z"))
    assert found.label.tolist() == [0, 1, 0, 2, 3]
    assert found.cache.source.tolist() == [0, 0, 0, 1, 1]


def test_a_class_is_held_out_in_its_own_group_alone(root: Path) -> None:
    found = open_classes(root, (_group("a"), _group("b")), side=32, caches=root / "caches")
    assert found.without(frozenset({("set/a", "x")})).tolist() == [False, True, False, True, True]
    assert found.without(frozenset()).all()


def test_takes_only_pictures_of_the_role_that_trains(root: Path) -> None:
    listing, label = read_groups(root, (_group("a", role="train"),))
    assert listing.paths == ("set/a/0.png", "set/a/2.png")
    assert label == ("x", "x")


def test_refuses_a_table_of_which_nothing_may_train(root: Path) -> None:
    (root / "set/a.csv").write_text("file,kind\na/1.png,x\n")
    with pytest.raises(DataError, match=r"set/a\.csv"):
        read_groups(root, (_group("a", role="train"),))


def test_without_a_table_the_folder_directly_below_is_the_class(root: Path) -> None:
    group = Group(source=Source(folder="set", terms="free", share=1.0), table=None, batch=4)
    (root / "set/a/deeper").mkdir()
    (root / "set/a/2.png").rename(root / "set/a/deeper/2.png")
    found = open_classes(root, (group,), side=32, caches=root / "caches")
    assert found.names == (("set", "a"), ("set", "b"))
    assert found.label.tolist() == [0, 0, 0, 1, 1, 1]
    assert named_classes(root, group) == {"a", "b"}
    assert named_classes(root, _group("b")) == {"x", "z"}
