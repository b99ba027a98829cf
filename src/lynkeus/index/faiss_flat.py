"""The exact Faiss index in half precision: the default while exhaustive search is fast enough."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from jaxtyping import Float32, Int64

from lynkeus.core.errors import CorruptError
from lynkeus.index.flat import check_length
from lynkeus.index.protocol import Neighbours


class FaissFlatIndex:
    """Compares every query with every vector; stores vectors in half precision.

    Args:
        dim: Dimensions of the vectors.
        stored: The Faiss index that ``load`` read; None starts empty.
    """

    def __init__(self, dim: int, *, stored: faiss.Index | None = None) -> None:
        self.dim = dim
        exact = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index: Any = stored or faiss.IndexIDMap2(exact)

    def __len__(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def among(self, ids: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " m"]:
        """Those of some ids that are here."""
        return np.intersect1d(ids, self.ids())

    def ids(self) -> Int64[np.ndarray, " n"]:
        """All ids."""
        return faiss.vector_to_array(self._index.id_map)

    def add(self, ids: Int64[np.ndarray, " n"], vectors: Float32[np.ndarray, "n dim"]) -> None:
        """Add vectors; a known id is replaced; the last vector of a repeated id counts."""
        check_length(vectors, self.dim)
        self.remove(ids)
        last = len(ids) - 1 - np.unique(ids[::-1], return_index=True)[1]
        self._index.add_with_ids(np.ascontiguousarray(vectors[last]), np.ascontiguousarray(ids[last]))

    def remove(self, ids: Int64[np.ndarray, " n"]) -> None:
        """Remove ids; unknown ids are ignored."""
        if len(self) and len(ids):
            self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids)))

    def search(self, queries: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The ``count`` best hits of each query."""
        check_length(queries, self.dim)
        score, ids = self._index.search(np.ascontiguousarray(queries), count)
        return Neighbours(ids, np.where(ids < 0, -np.inf, score).astype(np.float32))

    def save(self, file: Path) -> None:
        """Write the index to a file."""
        write(self._index, file)

    @classmethod
    def load(cls, file: Path) -> "FaissFlatIndex":
        """Read what ``save`` wrote.

        Raises:
            CorruptError: The file is not an index of this kind.
        """
        stored = read(file, mapped=True)
        if not isinstance(stored, faiss.IndexIDMap2):
            raise CorruptError(f"{file}: an index of another kind")
        return cls(stored.d, stored=stored)


def write(index: Any, file: Path) -> None:
    """Write a Faiss index to a file, whose path may be any that the system takes.

    Raises:
        OSError: The file cannot be written.
    """
    with file.open("wb") as handle:
        try:
            faiss.write_index(index, _name_of(handle.fileno()))
        except RuntimeError as error:
            raise OSError(f"{file}: cannot be written: {str(error).splitlines()[-1]}") from error


def read(file: Path, *, mapped: bool) -> faiss.Index:
    """A Faiss index from a file.

    Args:
        file: A file that Faiss wrote.
        mapped: Map the numbers into memory instead of reading them.

    Raises:
        CorruptError: Faiss cannot read the file.
    """
    try:
        with file.open("rb") as handle:
            return faiss.read_index(_name_of(handle.fileno()), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except OSError as error:
        raise CorruptError(f"{file}: no index: {error.strerror}") from error
    except (RuntimeError, AssertionError) as error:
        raise CorruptError(f"{file}: no index: {str(error).splitlines()[-1]}") from error


def _name_of(handle: int) -> str:
    """A plain name of an open file: Faiss takes none that is no UTF-8."""
    return f"/proc/self/fd/{handle}"
