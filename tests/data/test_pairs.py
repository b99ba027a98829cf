from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lynkeus.data.pairs import ClassPairs, Pairs, pair_of_number

pytestmark = pytest.mark.torch


def _rows(pairs: Pairs) -> list[tuple[int, int, bool]]:
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.same.tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(2, 8), min_size=2, max_size=6),
    positives=st.integers(0, 40),
    negatives=st.integers(1, 12),
    epoch=st.integers(0, 9),
)
def test_each_class_has_its_pairs(counts: list[int], positives: int, negatives: int, epoch: int) -> None:
    label = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    drawn = ClassPairs(label=label, seed=1, positives=positives, negatives=negatives).drawn(epoch)
    assert (drawn.first != drawn.second).all()
    assert ((label[drawn.first] == label[drawn.second]) == drawn.same).all()
    own = Counter(label[drawn.first[drawn.same]].tolist())
    others = Counter(label[drawn.first[~drawn.same]].tolist())
    for k, size in enumerate(counts):
        assert own[k] == positives
        assert others[k] == negatives
        rows = [frozenset((a, b)) for a, b, same in _rows(drawn) if same and label[a] == k]
        assert len(set(rows)) == min(positives, size * (size - 1) // 2)
        times = Counter(rows).values()
        assert max(times, default=0) - min(times, default=0) <= 1


def test_the_data_of_deepfirearm_give_38520_pairs_drawn_anew_every_5_epochs() -> None:
    label = np.resize(np.arange(107), 9_628).astype(np.int64)
    sampler = ClassPairs(label=label, seed=0)
    draws = [_rows(sampler.drawn(epoch)) for epoch in (0, 4, 5)]
    assert len(draws[0]) == 38_520
    assert draws[0] == draws[1]
    assert len(set(draws[0]) & set(draws[2])) < 0.1 * len(draws[0])
    sizes = [len(batch.same) for batch in sampler.epoch(0)]
    assert sizes[:-1] == [64] * (len(sizes) - 1)
    assert sum(sizes) == 38_520


def test_an_epoch_shows_each_pair_of_the_draw_once_in_an_order_of_its_own() -> None:
    sampler = ClassPairs(label=np.repeat(np.arange(4), 6).astype(np.int64), seed=0, positives=9, negatives=9, batch=7)
    epochs = [[row for batch in sampler.epoch(epoch) for row in _rows(batch)] for epoch in (0, 1)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(_rows(sampler.drawn(0)))
    assert epochs[0] != epochs[1]


def test_strangers_are_all_pictures_of_all_other_classes_alike() -> None:
    label = np.array([0] * 2 + [1] * 30 + [2] * 10, np.int64)
    drawn = ClassPairs(label=label, seed=0, positives=0, negatives=6_000).drawn(0)
    of_first = label[drawn.first] == 0
    times = np.bincount(drawn.second[of_first], minlength=42)
    assert times[:2].sum() == 0
    assert 95 < times[2:].min() <= times[2:].max() < 210


@pytest.mark.parametrize("size", [2, 3, 7, 40])
def test_pairs_are_numbered_without_gap_or_repeat(size: int) -> None:
    low, high = pair_of_number(np.arange(size * (size - 1) // 2))
    assert sorted(zip(low.tolist(), high.tolist(), strict=True)) == list(combinations(range(size), 2))


@given(number=st.integers(0, 2**50))
def test_the_number_of_a_pair_is_found_back(number: int) -> None:
    low, high = (int(one[0]) for one in pair_of_number(np.array([number])))
    assert 0 <= low < high
    assert low + high * (high - 1) // 2 == number


@pytest.mark.parametrize(
    ("label", "options", "text"),
    [
        ([0, 0, 1], {}, "class 1 has a single picture"),
        ([0, 0, 0], {}, "no negative pairs"),
        ([0, 0, 1, 1], {"batch": 0}, "at least 1"),
        ([0, 0, 1, 1], {"every": 0}, "at least 1"),
        ([0, 0, 1, 1], {"positives": 0, "negatives": 0}, "0 positive and 0 negative"),
    ],
)
def test_refuses_pairs_that_cannot_be(label: list[int], options: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ClassPairs(label=np.array(label), seed=0, **options)
