"""The tables of the retrieval benchmark say what the results say."""

from typing import Any

import pytest

from benchmarks.retrieval import tables


def _row(value: float, *, whitened: float = 0.1) -> dict[str, Any]:
    figures = {"mAP (trapezoid)": value, "mAP (plain)": value, "R@1": value, "R@2": 1.0, "R@4": 1.0, "R@8": 1.0}
    return {
        "figures": figures,
        "pca": {
            kind: {"128": figures | {"mAP (trapezoid)": reached}, "16": figures}
            for kind, reached in (("plain", value), ("whitened", whitened))
        },
        "distances": {"same": 0.75, "different": 1.25},
        "in_common": 0.5,
        "classes": {"train": 6, "test": 3},
        "pictures": {"train": 20, "test": 10},
    }


@pytest.fixture
def results() -> dict[str, Any]:
    values = dict.fromkeys(tables.ARMS, (0.3, 0.5)) | {"retr-d": (0.4, 0.7), "cls+retr-d": (0.25, 0.35)}
    sets = {"guns": {arm: [_row(value) for value in each] for arm, each in values.items()}}
    looks = {"guns": {"many": {"mAP (trapezoid)": 0.6, "R@1": 0.9}}}
    return {"sets": sets, "looks": looks}


def test_arms_stand_beside_what_the_authors_report(results: dict[str, Any]) -> None:
    text = tables.arms(results)
    assert "| arm | guns | reported by authors, their data |" in text
    assert "| retr-d | 0.550 ± 0.212 | 47.1 % |" in text
    assert "| arcface | 0.400 ± 0.141 | - |" in text
    assert "6 classes train, 3 are measured (2 seeds)" in text


def test_differences_are_taken_seed_by_seed(results: dict[str, Any]) -> None:
    text = tables.gates(results)
    assert "| retr-d less retr-s | above 0 | +15.0 ± 7.1 |" in text
    assert "| cls+retr-d less cls | 0 or above | -10.0 ± 7.1 |" in text
    assert "plain less whitened | 0 or above | +20.0 ± 7.1 |" in text


def test_distances_have_the_share_that_both_have_in_common(results: dict[str, Any]) -> None:
    assert "| cls | 0.75 / 1.25 (0.50) |" in tables.distances(results)


def test_sizes_and_looks_are_shown(results: dict[str, Any]) -> None:
    assert "| guns | retr-d | plain | 0.550 | 0.550 | 0.550 |" in tables.pca(results)
    assert "| many | 0.600 (0.900) |" in tables.looks(results)
    assert "| one size | 0.250 (0.250) |" in tables.looks(results)
    assert tables.cmc(results).count("\n") == 2 + len(tables.ARMS)


def test_choices_are_shown_with_what_collapsed() -> None:
    def row(value: float) -> dict[str, Any]:
        return {"mAP (trapezoid)": value, "same": 0.9, "different": 1.1}

    results: dict[str, Any] = {
        "rates": {"cls": {"0.001": {"collapsed": True}, "0.0001": row(0.3)}, "arcface": {"0.001": row(0.4)}},
        "single": {"0.9": row(0.2)},
        "start": {"cls": row(0.3)},
        "grid": {"0.5": {"1.1": row(0.31), "1.2": row(0.32)}},
    }
    assert "| cls | 0.300 | collapsed |" in tables.rates(results)
    assert "| arcface |  | 0.400 |" in tables.rates(results)
    assert "| 0.5 | 0.310 | 0.320 |" in tables.margins(results)
    assert "cls 0.90 / 1.10" in tables.margins(results)
