from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lynkeus.data.class_batches import ClassBatches, members_of_classes

pytestmark = pytest.mark.torch


@st.composite
def _samplers(draw: st.DrawFn) -> ClassBatches:
    counts = draw(st.lists(st.integers(1, 9), min_size=1, max_size=9))
    label = np.repeat(3 * np.arange(len(counts)), counts).astype(np.int64)
    label = np.random.default_rng(draw(st.integers(0, 9))).permutation(label)
    classes = draw(st.integers(1, len(counts)))
    return ClassBatches(label=label, classes=classes, pictures=draw(st.integers(1, 5)), seed=draw(st.integers(0, 99)))


@settings(max_examples=60, deadline=None)
@given(sampler=_samplers(), epoch=st.integers(0, 20))
def test_a_batch_has_so_many_classes_with_so_many_pictures_each(sampler: ClassBatches, epoch: int) -> None:
    size = Counter(sampler.label.tolist())
    batches = sampler.epoch(epoch)
    assert len(batches) == len(size) // sampler.classes
    seen: list[int] = []
    for batch in batches:
        rows = batch.reshape(sampler.classes, sampler.pictures)
        of_rows = [{int(k) for k in sampler.label[row]} for row in rows]
        assert all(len(row) == 1 for row in of_rows)
        seen += [k for row in of_rows for k in row]
        for row, (k,) in zip(rows, of_rows, strict=True):
            times = Counter(row.tolist())
            assert len(times) == min(sampler.pictures, size[k])
            assert max(times.values()) - min(times.values()) <= 1
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(("pictures", "laps"), [(3, 4), (4, 3), (5, 2), (12, 1)])
def test_a_class_goes_through_its_pictures_before_it_shows_one_again(pictures: int, laps: int) -> None:
    sampler = ClassBatches(label=np.zeros(12, np.int64), classes=1, pictures=pictures, seed=5)
    for first in (0, laps, 7 * laps):
        shown = np.concatenate([sampler.epoch(first + k)[0] for k in range(laps)])
        assert len(set(shown.tolist())) == laps * pictures


def test_every_class_comes_in_time_though_the_last_ones_of_an_epoch_wait() -> None:
    label = np.repeat(np.arange(5), 3).astype(np.int64)
    sampler = ClassBatches(label=label, classes=2, pictures=2, seed=0)
    times = Counter(int(k) for epoch in range(200) for batch in sampler.epoch(epoch) for k in label[batch])
    assert set(times) == set(range(5))
    assert max(times.values()) < 1.15 * min(times.values())


def test_the_pictures_of_classes_are_in_the_order_of_the_classes() -> None:
    assert [m.tolist() for m in members_of_classes(np.array([7, 2, 7, 9]))] == [[1], [0, 2], [3]]
    assert members_of_classes(np.zeros(0, np.int64)) == []


@pytest.mark.parametrize(
    ("classes", "pictures", "text"), [(3, 2, "do not fill"), (0, 2, "no batch"), (1, 0, "no batch")]
)
def test_refuses_batches_that_cannot_be(classes: int, pictures: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ClassBatches(label=np.array([0, 1, 1]), classes=classes, pictures=pictures, seed=0)
