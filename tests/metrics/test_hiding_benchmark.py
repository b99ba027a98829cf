"""The benchmark of Hide-and-Seek: its arms are fair, and its gates look at arms that were measured."""

import json

import pytest

from benchmarks.hiding.arms import ARMS, SEEDS
from benchmarks.hiding.tables import RESULTS, gates

pytestmark = pytest.mark.torch

_SEEDS = ("0", "1", "2")


def _seeds(values: tuple[float, float, float], figure: str = "top-1 occluded") -> dict[str, dict[str, float]]:
    return {
        seed: {"top-1": 0.0, "top-1 occluded": 0.0, figure: value} for seed, value in zip(_SEEDS, values, strict=True)
    }


def test_no_arm_comes_twice_and_each_family_has_one_that_hides_nothing() -> None:
    names = [(arm.family, arm.name) for arm in ARMS]
    assert len(set(names)) == len(names)
    assert {(arm.family, "none") for arm in ARMS} <= set(names)


def test_the_arms_of_a_family_have_one_budget_and_the_same_pictures() -> None:
    for family in {arm.family for arm in ARMS}:
        recipes = [arm.recipe for arm in ARMS if arm.family == family]
        assert len({(one.descent, one.batch, one.side, one.seed) for one in recipes}) == 1
        assert len({repr(getattr(one, "labels", getattr(one, "plan", None))) for one in recipes}) == 1


def test_all_arms_that_are_published_were_measured_with_all_seeds() -> None:
    families = json.loads(RESULTS.read_text("utf-8"))["families"]
    known = {(arm.family, arm.name) for arm in ARMS} | {("wsol", "ensemble")}
    for family, arms in families.items():
        for name, seeds in arms.items():
            assert (family, name) in known
            assert sorted(seeds) == sorted(str(seed) for seed in SEEDS)


def _cars(none: dict[str, dict[str, float]], mixed: dict[str, dict[str, float]]) -> str:
    return gates({"families": {"cars": {"none": none, "mixed": mixed}}})


def test_a_gate_says_what_was_seen() -> None:
    low, high = _seeds((0.50, 0.52, 0.51)), _seeds((0.60, 0.63, 0.61))
    assert "| 7b: top-1 occluded rises, cars | +0.103 ± 0.006 | yes |" in _cars(low, high)
    assert "| -0.103 ± 0.006 | no: worse |" in _cars(high, low)
    assert "| +0.003 ± 0.012 | no |" in _cars(low, _seeds((0.49, 0.53, 0.52)))


def test_a_gate_that_allows_a_fall_allows_no_more() -> None:
    plain = _seeds((0.8, 0.8, 0.8), "top-1")
    assert "cars | -0.005 ± 0.000 | yes |" in _cars(plain, _seeds((0.795, 0.795, 0.795), "top-1"))
    assert "cars | -0.020 ± 0.000 | no: worse |" in _cars(plain, _seeds((0.78, 0.78, 0.78), "top-1"))
