"""Rulings follow beliefs, rates and policies; the judge knows no kinds."""

import numpy as np
import pytest

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Gallery, Reference
from lynkeus.core import Action, Belief, Evidence, Medium
from lynkeus.kinds.protocol import RawFinding
from lynkeus.scan.judge import Judge


def _finding(score: float, belief: Belief) -> RawFinding:
    return RawFinding(reference_id=1, score=score, belief=belief, evidence=Evidence())


def _reference() -> Reference:
    return Reference(
        id=1,
        gallery_id=1,
        gallery="g",
        entity_id=1,
        entity="e",
        kind="copy",
        name="r",
        source="",
        digest="",
        medium=Medium.PICTURE,
        width=1,
        height=1,
        seconds=None,
        region=None,
        model_version="",
        added_revision=1,
        removed_revision=None,
        created=0.0,
    )


def _judge(policy: str | None) -> Judge:
    gallery = Gallery(id=1, name="g", policy=policy, log_only=False, retention_days=None, created=0.0, kind="copy")
    return Judge({"g": gallery}, {"g": RateModel.fit(np.linspace(-20, -10, 400))})


@pytest.mark.parametrize(
    ("belief", "expected"),
    [
        (Belief.UNLIKELY, Action.CLEAR),
        (Belief.POSSIBLE, Action.CLEAR),
        (Belief.LIKELY, Action.REVIEW),
        (Belief.CERTAIN, Action.REVIEW),
    ],
)
def test_without_a_policy_what_is_likely_asks_for_review(belief: Belief, expected: Action) -> None:
    ruling = _judge(None)(_finding(0.1, belief), _reference())
    assert ruling.finding.action is expected
    assert ruling.finding.belief is belief
    assert ruling.reported is (expected is Action.REVIEW)


@pytest.mark.parametrize(("belief", "expected"), [(Belief.POSSIBLE, Action.REVIEW), (Belief.UNLIKELY, Action.CLEAR)])
def test_no_policy_acts_on_what_is_unlikely(belief: Belief, expected: Action) -> None:
    ruling = _judge('{"review": 0.05, "block": null}')(_finding(-0.1, belief), _reference())
    assert ruling.finding.action is expected
    assert ruling.reported is (expected is Action.REVIEW)
