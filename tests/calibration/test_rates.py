import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from jaxtyping import Float64

from lynkeus.calibration.rates import RateModel, clopper_pearson_upper, needed

if TYPE_CHECKING:
    from collections.abc import Callable


def _binomial_at_most(hits: int, count: int, share: float) -> float:
    return sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(hits + 1))


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (1, 10), (3, 50), (40, 50), (7, 1000)])
def test_the_upper_bound_leaves_five_per_cent_to_so_few_hits(hits: int, count: int) -> None:
    assert _binomial_at_most(hits, count, clopper_pearson_upper(hits, count)) == pytest.approx(0.05, rel=1e-5)


def test_all_hits_bound_nothing() -> None:
    assert clopper_pearson_upper(5, 5) == 1.0


@pytest.mark.parametrize("tail", ["normal", "exponential", "heavy"])
def test_the_upper_bound_covers_the_true_rate_in_nineteen_of_twenty_backgrounds(tail: str) -> None:
    rng = np.random.default_rng(3)

    def heavy(size: int) -> Float64[np.ndarray, " n"]:
        return rng.standard_t(3, size)

    draws: dict[str, Callable[[int], Float64[np.ndarray, " n"]]] = {
        "normal": lambda size: rng.normal(size=size),
        "exponential": lambda size: rng.exponential(size=size),
        "heavy": heavy,
    }
    draw = draws[tail]
    many = np.sort(draw(400_000))
    covered = 0
    for _ in range(400):
        model = RateModel.fit(draw(200))
        assert model is not None
        score = many[int(len(many) * 0.96)]
        covered += model(float(score)).upper >= 0.04
    assert covered >= 0.93 * 400


@pytest.mark.parametrize("seed", range(5))
def test_neither_rate_nor_bound_ever_rises_with_the_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=150), 1 if seed % 2 else 6)
    model = RateModel.fit(scores)
    assert model is not None
    rates = [model(float(s)) for s in np.linspace(-4, 8, 500)]
    assert all(b.value <= a.value and b.upper <= a.upper for a, b in pairwise(rates))
    assert all(0 <= r.value <= r.upper <= 1 for r in rates)


def test_nothing_rarer_than_three_in_n_is_claimed() -> None:
    model = RateModel.fit(np.random.default_rng(0).normal(size=300))
    assert model is not None
    far = model(1000.0)
    assert far.upper == pytest.approx(0.01)
    assert far.value < 1e-6
    assert far.within(1 / 100)
    assert not far.within(1 / 101)


def test_the_tail_of_an_exponential_is_met() -> None:
    model = RateModel.fit(np.random.default_rng(1).exponential(size=20_000))
    assert model is not None
    assert model(8.0).value == pytest.approx(math.exp(-8.0), rel=0.35)


def test_equal_scores_of_all_clean_pictures_are_no_trouble() -> None:
    model = RateModel.fit(np.full(50, -1e6))
    assert model is not None
    assert model(-1e6).value == 1.0
    assert model(0.0).upper == pytest.approx(3 / 50)


def test_too_few_clean_pictures_give_no_calibration() -> None:
    assert RateModel.fit(np.zeros(9)) is None


@pytest.mark.parametrize(("rate", "clean"), [(1 / 100, 300), (1 / 10_000, 30_000), (1e-2, 300), (0.3, 10)])
def test_a_rate_needs_three_times_its_inverse(rate: float, clean: int) -> None:
    assert needed(rate) == clean
    model = RateModel.fit(np.zeros(clean))
    assert model is not None
    assert model(1.0).within(rate)
