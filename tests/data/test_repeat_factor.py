import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lynkeus.data.repeat_factor import RepeatFactorBatches, repeat_factors

pytestmark = pytest.mark.torch


@settings(max_examples=60, deadline=None)
@given(
    shown=st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=12),
    threshold=st.floats(0.001, 1.0),
)
def test_equals_the_definition_written_as_loops(shown: list[list[int]], threshold: float) -> None:
    rows = [(picture, k) for picture, classes in enumerate(shown) for k in classes]
    picture, label = (np.array([row[side] for row in rows], np.int64) for side in (0, 1))
    wanted: list[float] = []
    for classes in shown:
        shares = [sum(k in other for other in shown) / len(shown) for k in classes]
        wanted.append(max([1.0, *(math.sqrt(threshold / share) for share in shares)]))
    got = repeat_factors(picture, label, pictures=len(shown), threshold=threshold)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_a_class_in_two_of_a_thousand_pictures_is_not_repeated_at_the_logo_threshold() -> None:
    picture = np.arange(1_000)
    label = np.array([0] * 2 + [1] * 1 + [2] * 997)
    factor = repeat_factors(picture, label, pictures=1_000, threshold=0.002)
    assert factor[:4].tolist() == pytest.approx([1.0, 1.0, math.sqrt(2.0), 1.0])


@settings(max_examples=30, deadline=None)
@given(factor=st.lists(st.floats(0.5, 4.0), min_size=1, max_size=30), epoch=st.integers(0, 50), batch=st.integers(1, 9))
def test_a_picture_comes_its_factor_rounded_up_or_down(factor: list[float], epoch: int, batch: int) -> None:
    batches = RepeatFactorBatches(factor=np.array(factor), batch=batch, seed=0).epoch(epoch)
    assert all(len(one) == batch for one in batches[:-1])
    times = np.bincount(np.concatenate([np.zeros(0, np.int64), *batches]), minlength=len(factor))
    assert (times >= np.floor(factor)).all()
    assert (times <= np.ceil(factor)).all()


def test_on_average_a_picture_comes_as_often_as_its_factor_says() -> None:
    factor = np.array([1.0, 1.01, 1.5, 2.25, 3.0])
    sampler = RepeatFactorBatches(factor=factor, batch=4, seed=0)
    times = [np.bincount(np.concatenate(sampler.epoch(epoch)), minlength=5) for epoch in range(2_000)]
    np.testing.assert_allclose(np.mean(times, axis=0), factor, atol=0.04)
    assert np.std(times, axis=0)[[0, 4]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("factor", "batch"), [([1.0], 0), ([0.0, 0.0], 2), ([], 2)])
def test_refuses_what_would_never_give_a_batch(factor: list[float], batch: int) -> None:
    with pytest.raises(ValueError, match=r"at least 1|above 0"):
        RepeatFactorBatches(factor=np.array(factor, np.float64), batch=batch, seed=0)
