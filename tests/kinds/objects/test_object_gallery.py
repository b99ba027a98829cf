"""References of objects, grouped by entity."""

from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import CorruptError
from lynkeus.kinds.items import packed
from lynkeus.kinds.objects.index import ObjectIndex, ObjectPart, ObjectView
from lynkeus.kinds.protocol import Row

_OWNERS = np.array([7, 3, 7, 9, 3, 7])
_GROUPS = np.array([0, 0, 0, 1, 0, 0])


def _known(order: np.ndarray | None = None) -> ObjectView:
    vectors = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.arange(6) if order is None else order
    return ObjectView.of(np.arange(10, 16)[rows], _OWNERS[rows], _GROUPS[rows], vectors[rows])


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


def _index() -> ObjectIndex:
    return ObjectIndex(name="vectors", vector="vector@toy")


def _part() -> ObjectPart:
    vectors = _known().vectors
    rows = zip(range(10, 16), _OWNERS.tolist(), _GROUPS.tolist(), vectors, strict=True)
    return _index().build(
        Row(reference=number, entity=owner, gallery=group, items={"vector@toy": packed(vector)})
        for number, owner, group, vector in rows
    )


def _view(part: ObjectPart, gone: np.ndarray, galleries: frozenset[int] | None) -> ObjectView:
    return _index().view((part,), gone, lambda _ids, _item: {}, galleries)


def test_a_view_holds_what_lives_in_the_galleries_asked_for() -> None:
    none = np.zeros(0, np.int64)
    assert _view(_part(), none, None).references.tolist() == [11, 14, 10, 12, 15, 13]
    assert _view(_part(), np.array([12, 13]), None).references.tolist() == [11, 14, 10, 15]
    assert _view(_part(), none, frozenset({1})).references.tolist() == [13]
    nothing = _view(_part(), none, frozenset({9}))
    assert len(nothing) == 0
    assert nothing.nearest(np.zeros((1, 5), np.float32), 2).ids.tolist() == [[-1, -1]]


def test_a_part_that_was_saved_in_halves_is_refused(tmp_path: Path) -> None:
    _index().save(_part(), tmp_path)
    assert _view(_index().load(tmp_path), np.zeros(0, np.int64), None).references.tolist() == [11, 14, 10, 12, 15, 13]
    np.save(tmp_path / "entities.npy", np.zeros(2, np.int64))
    with pytest.raises(CorruptError, match="different lengths"):
        _index().load(tmp_path)
    (tmp_path / "entities.npy").write_bytes(b"")
    with pytest.raises(CorruptError, match="no references"):
        _index().load(tmp_path)
