"""The conformance suite of an index, in one call."""

from collections.abc import Callable

import numpy as np

from lynkeus.index.flat import FlatIndex
from lynkeus.index.protocol import Index

_DIM = 16  # dimensions of the test vectors; the exact value hardly matters


def check_index(make: Callable[[int], Index], *, recall: float = 1.0, tolerance: float = 2e-3) -> None:
    """Raise an AssertionError if an index breaks a promise of the protocol.

    Args:
        make: Creates an empty index for vectors with the given dimensions.
        recall: Share of the exact best five that the index must find.
        tolerance: Largest difference between a score and the exact score.
    """
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((300, _DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(300, dtype=np.int64) * 7 + 3
    index, exact = make(_DIM), FlatIndex(_DIM)
    nothing = index.search(vectors[:2], 3)
    assert (nothing.ids == -1).all(), f"an empty index found {nothing.ids}"
    assert np.isneginf(nothing.score).all(), f"an empty index gave scores {nothing.score}"
    for one in (index, exact):
        one.add(ids, vectors)
    assert len(index) == 300, f"{len(index)} vectors after adding 300"
    _same_hits(index, exact, vectors[:40], recall, tolerance)
    for one in (index, exact):
        one.remove(ids[:100])
        one.remove(np.array([1], np.int64))
        one.add(ids[100:101], vectors[:1])
    assert len(index) == 200, f"{len(index)} vectors after removing 100 and replacing 1 of 300"
    _same_hits(index, exact, vectors[:40], recall, tolerance)
    many = index.search(vectors[:1], 250)
    assert many.ids.shape == (1, 250), f"asked for 250, got the shape {many.ids.shape}"
    assert (many.ids[0, 200:] == -1).all(), "more hits than vectors"
    assert (np.diff(many.score[0, :200]) <= 0).all(), "scores are not in falling order"


def _same_hits(index: Index, exact: FlatIndex, queries: np.ndarray, recall: float, tolerance: float) -> None:
    found, wanted = index.search(queries, 5), exact.search(queries, 5)
    shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(found.ids.tolist(), wanted.ids.tolist(), strict=True)])
    assert shared >= recall - 0.02, f"found {shared:.3f} of the exact hits, wanted {recall}"
    apart = float(np.abs(found.score[:, 0] - wanted.score[:, 0]).max())
    assert recall < 1 or apart < tolerance, f"best scores are off by {apart}"
