from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lynkeus.data.label_noise import flipped, torn

pytestmark = pytest.mark.torch

LABELS = st.lists(st.integers(0, 4), max_size=40).map(lambda label: np.array(label, np.int64))


@given(label=LABELS, share=st.floats(0.0, 1.0), seed=st.integers(0, 99))
def test_as_many_labels_change_as_were_asked_for_and_all_to_other_classes(
    label: np.ndarray, share: float, seed: int
) -> None:
    noisy = flipped(label, classes=5, share=share, seed=seed)
    assert noisy.changed.sum() == round(share * len(label))
    assert ((noisy.label != label) == noisy.changed).all()
    assert ((noisy.label >= 0) & (noisy.label < 5)).all()


@given(label=LABELS, low=st.floats(0.0, 1.0), high=st.floats(0.0, 1.0))
def test_more_noise_changes_the_same_pictures_and_more(label: np.ndarray, low: float, high: float) -> None:
    less, more = (flipped(label, classes=5, share=share, seed=1) for share in sorted((low, high)))
    assert (more.label[less.changed] == less.label[less.changed]).all()


def test_all_other_classes_have_the_same_chance() -> None:
    noisy = flipped(np.full(4_000, 2, np.int64), classes=5, share=1.0, seed=0)
    times = np.bincount(noisy.label, minlength=5)
    assert times[2] == 0
    assert times[[0, 1, 3, 4]].min() > 900


@given(label=LABELS, share=st.floats(0.0, 1.0), seed=st.integers(0, 99))
def test_a_torn_class_keeps_the_larger_half(label: np.ndarray, share: float, seed: int) -> None:
    noisy = torn(label, share=share, seed=seed)
    size = Counter(label.tolist())
    new = set(noisy.label.tolist()) - set(size)
    assert len(new) == round(share * sum(n >= 2 for n in size.values()))
    for number in new:
        (old,) = set(label[noisy.label == number].tolist())
        assert (noisy.label == number).sum() == size[old] // 2
    assert ((noisy.label != label) == noisy.changed).all()
    assert set(noisy.label[noisy.changed].tolist()) == new


def test_the_seed_decides() -> None:
    label = np.resize(np.arange(5), 200).astype(np.int64)
    one, same, other = (flipped(label, classes=5, share=0.3, seed=seed).label for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(("classes", "share"), [(5, -0.1), (5, 1.1), (1, 0.5)])
def test_refuses_a_share_or_classes_that_cannot_be(classes: int, share: float) -> None:
    with pytest.raises(ValueError, match="wanted 0 to 1"):
        flipped(np.zeros(3, np.int64), classes=classes, share=share, seed=0)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_refuses_to_tear_a_share_that_cannot_be(share: float) -> None:
    with pytest.raises(ValueError, match="wanted 0 to 1"):
        torn(np.zeros(3, np.int64), share=share, seed=0)
