import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lynkeus.data.cache import PictureCache, open_cache, reduce_to
from lynkeus.data.sources import Source, list_pictures

pytestmark = pytest.mark.torch


def test_holds_the_pixels_of_each_picture(make_cache: Callable[..., PictureCache], tmp_path: Path) -> None:
    cache = make_cache({"a": (2, 1.0), "b": (1, 1.0)}, side=100)
    assert len(cache) == 3
    assert cache.paths == ("a/0.png", "a/1.png", "b/0.png")
    assert cache.source.tolist() == [0, 0, 1]
    for number, path in enumerate(cache.paths):
        stored = cv2.imread(str(tmp_path / "data" / path), cv2.IMREAD_COLOR_RGB)
        np.testing.assert_array_equal(cache[number], stored)


def test_reduces_the_longest_side(make_cache: Callable[..., PictureCache]) -> None:
    assert make_cache({"a": (1, 1.0)}, side=30, size=(40, 60))[0].shape == (20, 30, 3)


def test_small_pictures_keep_their_size() -> None:
    small = np.zeros((5, 7, 3), np.uint8)
    assert reduce_to(small, 7) is small


def test_a_second_opening_decodes_nothing(
    make_cache: Callable[..., PictureCache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cache({"a": (2, 1.0)})
    listing = list_pictures(tmp_path / "data", [Source(folder="a", terms="free", share=1.0)])
    monkeypatch.setattr("lynkeus.data.cache.read_picture", None)
    cache = open_cache(tmp_path / "data", listing, side=48, caches=tmp_path / "caches")
    assert len(cache) == 2
    assert cache[1].std() > 10


def test_a_changed_picture_and_another_root_are_decoded_anew(
    make_cache: Callable[..., PictureCache], tmp_path: Path
) -> None:
    before = make_cache({"a": (2, 1.0)})
    listing = list_pictures(tmp_path / "data", [Source(folder="a", terms="free", share=1.0)])
    changed = sorted((tmp_path / "data/a").iterdir())[1]
    cv2.imwrite(str(changed), np.full((8, 8, 3), 7, np.uint8))
    cache = open_cache(tmp_path / "data", listing, side=48, caches=tmp_path / "caches")
    assert cache.key != before.key
    assert (cache[1] == 7).all()
    shutil.copytree(tmp_path / "data", tmp_path / "other")
    other = open_cache(tmp_path / "other", listing, side=48, caches=tmp_path / "caches")
    assert other.key != cache.key


def test_leaves_out_an_unreadable_file_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/0.png").write_bytes(b"no picture")
    cv2.imwrite(str(tmp_path / "a/1.png"), np.full((8, 8, 3), 7, np.uint8))
    listing = list_pictures(tmp_path, [Source(folder="a", terms="free", share=1.0)])
    cache = open_cache(tmp_path, listing, side=8, caches=tmp_path / "caches")
    assert cache.paths == ("a/1.png",)
    assert "a/0.png" in capsys.readouterr().out


def test_another_side_makes_another_cache(make_cache: Callable[..., PictureCache], tmp_path: Path) -> None:
    make_cache({"a": (1, 1.0)}, side=30)
    make_cache({"a": (1, 1.0)}, side=20)
    assert len(list((tmp_path / "caches").iterdir())) == 2
