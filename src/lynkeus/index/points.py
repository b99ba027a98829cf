"""Inverted lists of product codes: one search over the local points of all references.

Source: IVF-PQ, Jegou et al., TPAMI 2011; comparison of four-bit codes in registers, Andre et al., VLDB 2015; both in
Faiss as ``IndexIVFPQFastScan``. The caller passes the centres; nothing is trained here. The points arrive coded, with
their list numbers, so building the index is only sorting.
"""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from jaxtyping import Float32, Int64, UInt8

from lynkeus.core.errors import CorruptError
from lynkeus.index.faiss_flat import read, write


class ListFinder:
    """Finds the nearest lists of each query: first by four-bit codes, then exactly among the best few.

    Args:
        coarse: Centres of the lists.
        fine: The 16 centres of each pair of dimensions.
    """

    _REFINED = 4

    def __init__(self, coarse: Float32[np.ndarray, "lists dim"], fine: Float32[np.ndarray, "pairs 16 2"]) -> None:
        self._codes = faiss.IndexPQFastScan(coarse.shape[1], len(fine), 4)
        faiss.copy_array_to_vector(np.ascontiguousarray(fine).ravel(), self._codes.pq.centroids)
        self._codes.is_trained = True
        self._codes.add(np.ascontiguousarray(coarse))
        self._coarse = np.ascontiguousarray(coarse)
        self._half_square = 0.5 * (coarse**2).sum(1)

    def __call__(self, queries: Float32[np.ndarray, "queries dim"], probes: int) -> Int64[np.ndarray, "queries probes"]:
        """Numbers of the nearest lists, the nearest first."""
        rough = self._codes.search(np.ascontiguousarray(queries), self._REFINED * probes)[1]
        apart = self._half_square[rough] - np.einsum("qd,qkd->qk", queries, self._coarse[rough])
        best = np.argsort(apart, axis=1, kind="stable")[:, :probes]
        return np.ascontiguousarray(np.take_along_axis(rough, best, 1))


class PointIndex:
    """An immutable set of coded points under 64-bit ids; ``build`` or ``load`` makes one."""

    def __init__(self, stored: Any, *, centres: faiss.Index | None = None) -> None:
        self._index = stored
        self._centres = centres  # the index points to them without owning them

    @classmethod
    def build(
        cls,
        coarse: Float32[np.ndarray, "lists dim"],
        fine: Float32[np.ndarray, "pairs 16 2"],
        *,
        lists: Int64[np.ndarray, " n"],
        codes: UInt8[np.ndarray, "n bytes"],
        ids: Int64[np.ndarray, " n"],
    ) -> "PointIndex":
        """Sort coded points into lists.

        Args:
            coarse: Centres of the lists.
            fine: The 16 centres of each of the ``dim / 2`` pairs of dimensions.
            lists: The list of each point.
            codes: Product codes, two pairs per byte; the low half holds the earlier pair.
            ids: Ids of the points.
        """
        dim = coarse.shape[1]
        quantiser = faiss.IndexFlatL2(dim)
        quantiser.add(np.ascontiguousarray(coarse))
        plain = faiss.IndexIVFPQ(quantiser, dim, len(coarse), len(fine), 4)
        plain.by_residual = False
        faiss.copy_array_to_vector(np.ascontiguousarray(fine).ravel(), plain.pq.centroids)
        plain.is_trained = True
        order = np.argsort(lists, kind="stable")
        bounds = np.searchsorted(lists[order], np.arange(len(coarse) + 1))
        codes, ids = np.ascontiguousarray(codes[order]), np.ascontiguousarray(ids[order])
        inverted: Any = plain.invlists
        for number in np.flatnonzero(np.diff(bounds)):
            low, high = int(bounds[number]), int(bounds[number + 1])
            inverted.add_entries(
                int(number), high - low, faiss.swig_ptr(ids[low:high]), faiss.swig_ptr(codes[low:high])
            )
        plain.ntotal = len(ids)
        return cls(faiss.IndexIVFPQFastScan(plain), centres=quantiser)

    def __len__(self) -> int:
        """Number of points."""
        return int(self._index.ntotal)

    def search(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        count: int,
        *,
        lists: Int64[np.ndarray, "queries probes"],
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Ids and squared distances of the nearest points, nearest first, padded with -1 and infinity.

        Args:
            queries: Projected descriptors.
            count: Number of points per query.
            lists: The lists to search for each query.
        """
        if not len(self) or not len(queries):
            shape = (len(queries), count)
            return np.full(shape, -1, np.int64), np.full(shape, np.inf, np.float32)
        self._index.nprobe = lists.shape[1]
        ignored = np.zeros(lists.shape, np.float32)
        distance, ids = self._index.search_preassigned(np.ascontiguousarray(queries), count, lists, ignored)
        return ids, np.where(ids < 0, np.inf, distance).astype(np.float32)

    def save(self, file: Path) -> None:
        """Write the index to a file."""
        write(self._index, file)

    @classmethod
    def load(cls, file: Path) -> "PointIndex":
        """Read what ``save`` wrote.

        The file is read, not mapped: Faiss would copy the lists of a mapped file page by page and hold them twice.

        Raises:
            CorruptError: The file is not an index of this kind.
        """
        stored = read(file, mapped=False)
        if not isinstance(stored, faiss.IndexIVFPQFastScan):
            raise CorruptError(f"{file}: an index of another kind")
        return cls(stored)
