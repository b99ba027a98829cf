import math
from dataclasses import replace

import numpy as np
import pytest

from lynkeus.kinds.copies.score import CopyScore, Signals
from lynkeus.runtime.cards import card

_COPY = Signals(
    cosine=0.4,
    votes=9.0,
    inliers=40,
    inlier_share=0.6,
    spread=0.5,
    overlap=1.0,
    agreement=0.95,
    blocks=120,
    correlation=0.9,
    likeness=0.9,
    structure=0.8,
    bent=0.95,
    bent_structure=0.8,
)
_STRANGER = Signals(cosine=0.02, votes=0.4)


def _shipped() -> CopyScore:
    return CopyScore.loads(card("copy-score").path.read_text("utf-8"))


def test_equals_the_formula() -> None:
    rng = np.random.default_rng(0)
    size = len(Signals().numbers())
    score = CopyScore(
        inner=rng.normal(size=(3, size)),
        shift=rng.normal(size=3),
        outer=rng.normal(size=3),
        direct=rng.normal(size=size),
        bias=0.25,
    )
    x = _COPY.numbers()
    slow = 0.25 + sum(w * v for w, v in zip(score.direct, x, strict=True))
    for row, shift, outer in zip(score.inner, score.shift, score.outer, strict=True):
        slow += outer * math.tanh(sum(w * v for w, v in zip(row, x, strict=True)) + shift)
    assert score(_COPY) == pytest.approx(slow)


def test_what_is_written_is_read_again() -> None:
    shipped = _shipped()
    again = CopyScore.loads(shipped.dumps())
    assert again(_COPY) == pytest.approx(shipped(_COPY), abs=1e-3)


def test_the_shipped_score_tells_a_copy_from_a_stranger() -> None:
    score = _shipped()
    assert score(_COPY) > 4
    assert score(_STRANGER) < -2


@pytest.mark.parametrize("start", [_STRANGER, _COPY], ids=["stranger", "copy"])
@pytest.mark.parametrize(
    "change",
    [
        {"cosine": 0.6},
        {"votes": 20.0},
        {"inliers": 60, "inlier_share": 0.8, "spread": 0.7},
        {"agreement": 1.0, "correlation": 0.95, "likeness": 0.95, "structure": 0.9, "bent": 1.0, "bent_structure": 0.9},
    ],
    ids=["cosine", "votes", "points", "pixels"],
)
def test_more_evidence_never_lowers_the_score(start: Signals, change: dict[str, float]) -> None:
    score = _shipped()
    matched = replace(start, inliers=max(start.inliers, 1))
    assert score(replace(matched, **change)) > score(matched)


def test_the_same_floor_is_no_copy() -> None:
    floor = Signals(
        cosine=0.3,
        votes=6.0,
        inliers=49,
        inlier_share=0.5,
        spread=0.4,
        overlap=1.0,
        agreement=0.32,
        blocks=120,
        correlation=0.2,
        likeness=0.3,
        structure=0.2,
        bent=0.4,
        bent_structure=0.3,
    )
    assert _shipped()(floor) < _shipped()(_COPY) - 5


def test_a_missing_part_is_an_error() -> None:
    with pytest.raises(KeyError):
        CopyScore.loads('{"inner": [[1]]}')
