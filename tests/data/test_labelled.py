"""Labelled pictures in three parts."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lynkeus.data.labelled import LabelledPictures, LabelTable, Split, digest_order, open_labelled
from lynkeus.data.sources import Source

TABLE = LabelTable(
    source=Source(folder="set", terms="free", share=1.0),
    file="set/table.csv",
    base="set",
    path="path",
    column="class",
    boxes=None,
    width=None,
    classes=None,
    split=Split(column="", test="", test_share=0.25, choose_share=0.5),
)


class Made:
    """Writes pictures and their table."""

    def __init__(self, root: Path) -> None:
        self.root, self.rows = root / "data", ["path,class,split,x0,y0,x1,y1"]
        (self.root / "set").mkdir(parents=True)
        self.caches = root / "caches"

    def picture(
        self, name: str, label: str, *, split: str = "train", box: str = "0,0,1,1", broken: bool = False
    ) -> None:
        path = self.root / "set" / name
        noise = np.random.default_rng(len(self.rows)).integers(0, 256, (40, 80, 3), dtype=np.uint8)
        cv2.imwrite(str(path), noise)
        if broken:
            path.write_bytes(path.read_bytes()[:200])
        self.rows.append(f"{name},{label},{split},{box}")

    def open(self, table: LabelTable, *, side: int = 32, barred: frozenset[str] = frozenset()) -> LabelledPictures:
        (self.root / "set" / "table.csv").write_text("\n".join(self.rows) + "\n")
        return open_labelled(self.root, table, side=side, caches=self.caches, barred=barred)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def _fill(made: Made, *, each: int = 8, classes: str = "ab") -> None:
    for label in classes:
        for number in range(each):
            made.picture(f"{label}{number}.png", label)


def test_parts_are_apart_cover_all_and_have_their_shares_of_each_class(made: Made) -> None:
    _fill(made, each=16, classes="abcd")
    found = made.open(TABLE)
    parts = [found.of(part) for part in ("train", "choose", "test")]
    assert sorted(np.concatenate(parts).tolist()) == list(range(64))
    for label in range(4):
        assert [int((found.label[part] == label).sum()) for part in parts] == [6, 6, 4]


def test_a_new_picture_moves_none_of_the_others_between_train_and_test_but_at_the_border(made: Made) -> None:
    _fill(made, each=40)
    before = made.open(TABLE)
    made.picture("a_new.png", "a")
    after = made.open(TABLE)
    tested = [{one.cache.paths[n] for n in one.of("test")} for one in (before, after)]
    assert len(tested[0] ^ tested[1]) <= 2


def test_a_column_may_say_what_is_tested(made: Made) -> None:
    for label in "ab":
        for number in range(4):
            made.picture(f"{label}{number}.png", label, split="val" if number == 3 else "train")
    found = made.open(replace(TABLE, split=replace(TABLE.split, column="split", test="val", choose_share=0.0)))
    assert sorted(found.cache.paths[n] for n in found.of("test")) == ["set/a3.png", "set/b3.png"]
    assert len(found.of("choose")) == 0


def test_boxes_are_shares_of_the_stored_picture_not_of_the_reduced_one(made: Made) -> None:
    _fill(made, each=3)
    made.picture("a8.png", "a", box="20,10,60,50")
    made.rows.append("a8.png,a,train,0,0,8,4")
    found = made.open(replace(TABLE, boxes=("x0", "y0", "x1", "y1")), side=32)
    boxes = found.boxes[found.cache.paths.index("set/a8.png")]
    np.testing.assert_allclose(boxes, [[0.25, 0.25, 0.75, 1.0], [0, 0, 0.1, 0.1]])


def test_numbers_become_classes_of_a_width(made: Made) -> None:
    for place, age in enumerate([18, 19, 21, 39, 40, 59, 41, 42, 22, 18]):
        made.picture(f"{place}.png", str(age))
    found = made.open(replace(TABLE, width=20, split=replace(TABLE.split, test_share=0.5, choose_share=0.0)))
    assert found.names == ("00 to 19", "20 to 39", "40 to 59")
    assert all(
        found.names[k][:2] <= f"{int(v):02}" <= found.names[k][-2:]
        for k, v in zip(found.label, found.value, strict=True)
    )


def test_takes_so_many_classes_as_asked(made: Made) -> None:
    _fill(made, classes="abcdefgh")
    found = made.open(replace(TABLE, classes=3))
    assert len(found.names) == 3
    assert len(found.label) == 24
    assert set(found.label.tolist()) == {0, 1, 2}


def test_a_broken_picture_is_named_and_left_out_and_the_rest_goes_on(
    made: Made, capfd: pytest.CaptureFixture[str]
) -> None:
    _fill(made)
    made.picture("a9.png", "a", broken=True)
    found = made.open(TABLE)
    assert len(found.cache) == 16
    written = capfd.readouterr()
    assert "left out set/a9.png" in written.out + written.err


def test_a_class_of_broken_pictures_is_an_error_that_names_it(made: Made) -> None:
    _fill(made)
    made.picture("c0.png", "lost", broken=True)
    with pytest.raises(ValueError, match="class lost has 0 pictures"):
        made.open(TABLE)


def test_one_picture_a_class_is_an_error_that_names_it(made: Made) -> None:
    _fill(made)
    made.picture("c0.png", "single")
    with pytest.raises(ValueError, match="class single has 1 pictures to train, 0 to choose and 0 to measure on"):
        made.open(TABLE)


def test_a_picture_of_two_classes_is_an_error_that_names_it(made: Made) -> None:
    _fill(made)
    made.rows.append("a0.png,b,train,0,0,2,2")
    with pytest.raises(ValueError, match=r"set/a0\.png has 2 classes"):
        made.open(TABLE)


def test_barred_pictures_are_not_used(made: Made) -> None:
    _fill(made)
    found = made.open(TABLE, barred=frozenset({"set/a0.png"}))
    assert "set/a0.png" not in found.cache.paths


def test_the_order_by_digest_is_even_and_depends_on_the_seed() -> None:
    names = [f"{k}.png" for k in range(2000)]
    order = digest_order(names, seed=0)
    assert abs(order.mean() - 0.5) < 0.03
    assert 0 <= order.min() < order.max() < 1
    assert abs(np.corrcoef(order, digest_order(names, seed=1))[0, 1]) < 0.06
