from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import CorruptError, ShapeError
from lynkeus.index.faiss_flat import FaissFlatIndex
from lynkeus.index.flat import FlatIndex
from lynkeus.testing.index_suite import check_index


@pytest.mark.parametrize("make", [FlatIndex, FaissFlatIndex])
def test_keeps_the_promises_of_an_index(make: type[FlatIndex | FaissFlatIndex]) -> None:
    check_index(make)


class _Forgetful(FlatIndex):
    def remove(self, ids: np.ndarray) -> None:
        del ids


def test_the_suite_refuses_an_index_that_removes_nothing() -> None:
    with pytest.raises(AssertionError, match="removing"):
        check_index(_Forgetful)


@pytest.mark.parametrize("make", [FlatIndex, FaissFlatIndex])
def test_refuses_vectors_of_another_length(make: type[FlatIndex | FaissFlatIndex]) -> None:
    with pytest.raises(ShapeError, match=r"\(n, 8\)"):
        make(8).add(np.array([1]), np.zeros((1, 9), np.float32))


def test_reads_back_what_it_wrote(tmp_path: Path) -> None:
    index = FaissFlatIndex(4)
    index.add(np.array([5, 9]), np.eye(4, dtype=np.float32)[:2])
    index.save(tmp_path / "v.faiss")
    found = FaissFlatIndex.load(tmp_path / "v.faiss").search(np.eye(4, dtype=np.float32)[1:2], 2)
    assert found.ids.tolist() == [[9, 5]]
    assert found.score[0, 0] == pytest.approx(1)


def test_names_a_damaged_file(tmp_path: Path) -> None:
    file = tmp_path / "v.faiss"
    file.write_bytes(b"no index at all")
    with pytest.raises(CorruptError, match=r"v\.faiss"):
        FaissFlatIndex.load(file)
