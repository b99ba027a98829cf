"""Promised and observed rates: the product's calibration, judged on clean uploads that it has not seen."""

import numpy as np
import pytest

from benchmarks.copies.rates import PARTS, Kept, drawn, kept, parted


def clean(count: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(3)
    return {f"picture {number}": rng.exponential(1.0, 2).tolist() for number in range(count)}


def test_all_uploads_of_a_picture_are_in_one_part() -> None:
    highest = clean(100)
    parts = parted(highest)
    assert len(parts) == PARTS
    assert sum(map(len, parts)) == 200
    for scores in highest.values():
        assert sum(set(scores) <= set(part.tolist()) for part in parts) == 1


@pytest.mark.parametrize("one_in", [10, 50])
def test_the_bound_keeps_what_it_promises_and_the_estimate_comes_near(one_in: int) -> None:
    promise = kept(one_in, parted(clean(500)))
    assert promise.supported
    assert promise.unseen == 1000
    assert promise.low <= promise.stopped / promise.unseen <= promise.high
    assert promise.stopped / promise.unseen < 1 / one_in
    assert promise.estimate_stopped / promise.unseen == pytest.approx(1 / one_in, rel=0.5)


def test_a_promise_that_the_background_cannot_support_stops_nothing() -> None:
    promise = kept(300, parted(clean(100)))
    assert not promise.supported
    assert promise.stopped == 0


def test_the_diagram_has_something_on_it() -> None:
    promise = Kept(one_in=10, supported=True, unseen=100, stopped=8, low=0.04, high=0.14, estimate_stopped=11)
    with_dots, without = (np.asarray(drawn(promises)) for promises in ([promise], []))
    assert with_dots.shape == without.shape
    assert (with_dots != without).any()
