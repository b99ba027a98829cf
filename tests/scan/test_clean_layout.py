"""The clean pictures lie on disk as references do, and follow what is added and removed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from made_pictures import made_picture, write_picture

from lynkeus.core.folders import walk
from lynkeus.kinds.copies.index import CopyIndex, CopyPart
from lynkeus.kinds.protocol import Row
from lynkeus.scan import clean_layout
from lynkeus.scan.backgrounds import add_clean
from lynkeus.scan.clean_layout import CleanLayout
from lynkeus.scan.home import Home

KIND = "copy"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        _add(opened, tmp_path, *range(8))
        yield opened


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of pictures that were built into a part, one entry a part that is not empty."""
    counts: list[int] = []
    build = CopyIndex.build

    def counting(self: CopyIndex, rows: Iterable[Row]) -> CopyPart:
        part = build(self, rows)
        counts.extend([len(part.ids)] if len(part.ids) else [])
        return part

    monkeypatch.setattr(CopyIndex, "build", counting)
    monkeypatch.setattr(clean_layout, "WRITE_AFTER", 4)
    return counts


def _add(home: Home, folder: Path, *seeds: int) -> None:
    paths = [write_picture(folder / "clean" / f"clean{seed}.jpg", made_picture(seed)) for seed in seeds]
    list(add_clean(home, walk(paths), jobs=1))


def _ids(home: Home) -> list[int]:
    """Ids that a layout in a fresh process names."""
    pictures = home.catalog.backgrounds.all()
    view = CleanLayout(home.lane(KIND), home.index / KIND).view(pictures)
    found = view.nearest(np.ones((1, 256), np.float32), len(pictures) + 5).ids[0]
    return sorted(found[found >= 0].tolist())


def test_a_layout_is_built_once_and_read_from_the_disk_afterwards(home: Home, built: list[int]) -> None:
    assert _ids(home) == _ids(home) == [picture.id for picture in home.catalog.backgrounds.all()]
    assert built == [8]


def test_new_clean_pictures_are_built_beside_the_layout_until_they_are_many(
    home: Home, built: list[int], tmp_path: Path
) -> None:
    _ids(home)
    _add(home, tmp_path, 20)
    assert _ids(home) == [picture.id for picture in home.catalog.backgrounds.all()]
    assert built == [8, 1]
    _add(home, tmp_path, 21, 22, 23)
    assert len(_ids(home)) == len(_ids(home)) == 12
    assert built == [8, 1, 12]


def test_removed_clean_pictures_are_passed_over(home: Home, built: list[int], tmp_path: Path) -> None:
    _ids(home)
    last = home.catalog.backgrounds.all()[-1].id
    home.catalog.backgrounds.remove([last])
    assert last not in _ids(home)
    _add(home, tmp_path, 30)
    assert _ids(home) == [picture.id for picture in home.catalog.backgrounds.all()]
    assert built == [8, 1]


def test_a_damaged_layout_is_built_again(home: Home, built: list[int], caplog: pytest.LogCaptureFixture) -> None:
    _ids(home)
    [damaged] = (home.index / KIND).glob("clean-*/*/ids.npy")
    damaged.write_bytes(b"")
    assert len(_ids(home)) == 8
    assert built == [8, 8]
    assert "the clean pictures are laid out again" in caplog.text
