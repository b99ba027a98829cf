"""References of objects, grouped by entity."""

import numpy as np

from lynkeus.kinds.objects.gallery import KnownObjects

_OWNERS = np.array([7, 3, 7, 9, 3, 7])
_GROUPS = np.array([0, 0, 0, 1, 0, 0])


def _known(order: np.ndarray | None = None) -> KnownObjects:
    vectors = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.arange(6) if order is None else order
    return KnownObjects.of(np.arange(10, 16)[rows], _OWNERS[rows], _GROUPS[rows], vectors[rows])


def test_references_of_an_entity_lie_side_by_side() -> None:
    known = _known()
    assert known.owners.tolist() == [3, 3, 7, 7, 7, 9]
    assert known.references.tolist() == [11, 14, 10, 12, 15, 13]
    assert [known.rows(entity) for entity in range(3)] == [slice(0, 2), slice(2, 5), slice(5, 6)]
    assert [known.entity_of(number) for number in (11, 14, 10, 15, 13)] == [0, 0, 1, 1, 2]
    for entity in range(3):
        middle = known.vectors[known.rows(entity)].sum(axis=0)
        np.testing.assert_allclose(known.middles[entity], middle / np.linalg.norm(middle), atol=1e-6)


def test_the_order_of_the_rows_does_not_matter() -> None:
    one, other = _known(), _known(np.array([5, 2, 0, 3, 1, 4]))
    assert one.references.tolist() == other.references.tolist()
    np.testing.assert_array_equal(one.middles, other.middles)


def test_gives_the_best_of_each_gallery() -> None:
    known = _known()
    score = np.array([0.5, 0.9, -3.0], np.float32)
    assert known.leading(score, 1) == [1, 2]
    assert known.leading(score, 5) == [1, 0, 2]


def test_a_part_is_as_if_there_were_nothing_else() -> None:
    known = _known()
    part = known.only(known.owners != 3)
    assert part.references.tolist() == [10, 12, 15, 13]
    np.testing.assert_array_equal(part.middles, known.middles[1:])
    nothing = known.only(np.zeros(6, bool))
    assert len(nothing) == 0
    assert nothing.middles.shape == (0, 5)
