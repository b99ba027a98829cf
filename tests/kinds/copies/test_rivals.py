import numpy as np
import pytest

from lynkeus.core import Alignment, Belief, Evidence
from lynkeus.kinds.copies.rivals import LOSS, coverage, explain_away
from lynkeus.kinds.protocol import RawFinding

_SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def _moved(right: float) -> np.ndarray:
    return _SQUARE + np.array([right, 0.0])


def _finding(number: int, score: float, region: np.ndarray, *, agreement: float = 0.4) -> RawFinding:
    evidence = Evidence(alignment=Alignment(transform=np.eye(3), agreement=agreement, overlap=1.0))
    return RawFinding(reference_id=number, score=score, belief=Belief.POSSIBLE, evidence=evidence, region=region)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (_SQUARE, 1.0),
        (_SQUARE[::-1].copy(), 1.0),
        (_moved(5.0), 0.5),
        (_moved(20.0), 0.0),
        (_SQUARE * 3 - 10, 1.0),
        (np.zeros((0, 2)), 0.0),
        (np.zeros((4, 2)), 0.0),
    ],
)
def test_coverage_is_the_share_of_the_area(other: np.ndarray, share: float) -> None:
    assert coverage(_SQUARE, other) == pytest.approx(share, abs=1e-6)


def test_a_region_without_area_is_covered_by_nothing() -> None:
    assert coverage(np.zeros((4, 2)), _SQUARE) == 0.0


def test_a_covered_weaker_finding_loses_and_keeps_its_place_in_the_order() -> None:
    lowered = explain_away([_finding(1, 12.0, _SQUARE), _finding(2, 3.0, _SQUARE)])
    assert [f.reference_id for f in lowered] == [1, 2]
    assert lowered[0].score == 12.0
    assert lowered[1].score == pytest.approx(3.0 - LOSS, abs=0.01)


@pytest.mark.parametrize(
    ("score", "region", "agreement"),
    [
        (11.0, _SQUARE, 0.4),
        (3.0, _moved(30.0), 0.4),
        (3.0, _SQUARE, 0.9),
    ],
    ids=["nearly as good", "elsewhere", "agrees itself"],
)
def test_others_keep_their_score(score: float, region: np.ndarray, agreement: float) -> None:
    kept = explain_away([_finding(1, 12.0, _SQUARE), _finding(2, score, region, agreement=agreement)])
    assert kept[1].score == score


def test_an_unlikely_rival_explains_nothing() -> None:
    kept = explain_away([_finding(1, -6.0, _SQUARE), _finding(2, -9.0, _SQUARE)])
    assert kept[1].score == pytest.approx(-9.0, abs=0.02)


def test_what_falls_behind_is_sorted_again() -> None:
    found = [_finding(1, 9.0, _SQUARE), _finding(2, 5.0, _SQUARE), _finding(3, 4.0, _moved(50.0))]
    assert [f.reference_id for f in explain_away(found)] == [1, 3, 2]


def test_a_finding_that_loses_most_of_its_score_is_no_longer_believed() -> None:
    lowered = explain_away([_finding(1, 12.0, _SQUARE), _finding(2, 3.0, _SQUARE)])
    assert [each.belief for each in lowered] == [Belief.LIKELY, Belief.UNLIKELY]
