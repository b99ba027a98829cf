"""A gallery of one picture, in memory: to compare two pictures without registering either."""

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Float32, Int64

from lynkeus.index.flat import FlatIndex
from lynkeus.index.flat_points import FlatPointIndex
from lynkeus.index.protocol import Neighbours
from lynkeus.kinds.protocol import GLOBAL, LOCAL
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.voting import pack_point_ids

ONLY_ID = 1


class SingleView:
    """See ``GalleryView``; the one reference has the id 1.

    Args:
        items: Its stored items.
        codebook: The codebook that made them.
    """

    def __init__(self, items: Mapping[str, bytes], codebook: Codebook) -> None:
        self._items = items
        vector = np.frombuffer(items[GLOBAL], np.float16).astype(np.float32)[None]
        self._vectors = FlatIndex(vector.shape[1])
        self._vectors.add(np.array([ONLY_ID]), vector)
        f = CompactFeatures.unpack(items[LOCAL])
        ids = pack_point_ids(ONLY_ID, f.points, f.scale, f.angle, f.permutation, width=f.width, height=f.height)
        self._points = FlatPointIndex(codebook.decode(f.codes), ids)

    def nearest(self, vectors: Float32[np.ndarray, "queries dim"], count: int) -> Neighbours:
        """The one reference."""
        return self._vectors.search(vectors, count)

    def nearest_points(
        self, queries: Float32[np.ndarray, "queries dim"], count: int
    ) -> tuple[Int64[np.ndarray, "queries count"], Float32[np.ndarray, "queries count"]]:
        """Its nearest points."""
        return self._points.search(queries, count)

    def items(self, reference_ids: Iterable[int], part: str) -> Mapping[int, bytes]:
        """Its items."""
        return {ONLY_ID: self._items[part]} if ONLY_ID in set(reference_ids) and part in self._items else {}
