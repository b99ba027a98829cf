from pathlib import Path

import numpy as np

from lynkeus.index.flat_points import FlatPointIndex
from lynkeus.index.points import ListFinder, PointIndex

_COARSE = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
_FINE = (np.random.default_rng(1).standard_normal((4, 16, 2)) * 1.5).astype(np.float32)


def _points(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    choice = np.random.default_rng(2).integers(0, 16, (count, 4)).astype(np.uint8)
    vectors = _FINE[np.arange(4), choice].reshape(count, 8)
    codes = choice[:, 0::2] | (choice[:, 1::2] << 4)
    lists = ((vectors[:, None] - _COARSE) ** 2).sum(2).argmin(1)
    return vectors, codes.astype(np.uint8), lists


def _build(count: int) -> tuple[PointIndex, FlatPointIndex, np.ndarray]:
    vectors, codes, lists = _points(count)
    ids = np.arange(count) + (1 << 40)
    return PointIndex.build(_COARSE, _FINE, lists=lists, codes=codes, ids=ids), FlatPointIndex(vectors, ids), vectors


def test_searching_all_lists_finds_what_the_exact_index_finds() -> None:
    fast, exact, vectors = _build(500)
    queries = vectors[:30] + 0.1 * np.random.default_rng(3).standard_normal((30, 8)).astype(np.float32)
    everywhere = np.tile(np.arange(40), (30, 1))
    _, apart = fast.search(queries, 3, lists=everywhere)
    _, wanted = exact.search(queries, 3)
    assert np.median(np.abs(apart - wanted)) < 0.3
    assert (np.abs(apart[:, 0] - wanted[:, 0]) < 1).mean() > 0.9
    assert (wanted[:, 0] < 1).all()


def test_fills_up_with_minus_one_where_there_are_too_few_points() -> None:
    fast, exact, vectors = _build(2)
    for ids, apart in (fast.search(vectors, 4, lists=np.tile(np.arange(40), (2, 1))), exact.search(vectors, 4)):
        assert (ids[:, 2:] == -1).all()
        assert np.isinf(apart[:, 2:]).all()
        assert (ids[:, 0] >= 1 << 40).all()


def test_an_empty_index_finds_nothing() -> None:
    fast, _, _ = _build(0)
    ids, _ = fast.search(np.zeros((3, 8), np.float32), 2, lists=np.zeros((3, 1), np.int64))
    assert (ids == -1).all()


def test_gives_the_same_hits_after_a_trip_to_disk(tmp_path: Path) -> None:
    fast, _, vectors = _build(300)
    fast.save(tmp_path / "p.faiss")
    lists = np.tile(np.arange(40), (20, 1))
    before, after = (
        fast.search(vectors[:20], 2, lists=lists),
        PointIndex.load(tmp_path / "p.faiss").search(vectors[:20], 2, lists=lists),
    )
    assert (before[0] == after[0]).all()


def test_finds_the_nearest_lists() -> None:
    queries = np.random.default_rng(3).standard_normal((50, 8)).astype(np.float32)
    found = ListFinder(_COARSE, _FINE)(queries, 6)
    wanted = ((queries[:, None] - _COARSE) ** 2).sum(2).argsort(1)[:, :6]
    assert np.mean([len(set(a) & set(b)) / 6 for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]) > 0.8


def test_a_loaded_index_holds_no_page_of_its_file(tmp_path: Path) -> None:
    index, _, _ = _build(500)
    index.save(tmp_path / "p.faiss")
    loaded = PointIndex.load(tmp_path / "p.faiss")
    assert len(loaded) == 500
    assert str(tmp_path / "p.faiss") not in Path("/proc/self/maps").read_text()
