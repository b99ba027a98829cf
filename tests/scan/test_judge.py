import numpy as np
import pytest

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Gallery, Reference
from lynkeus.core import Action, Evidence
from lynkeus.kinds.protocol import RawFinding
from lynkeus.scan.judge import Judge, convincing

_NONE = np.zeros((0, 2), np.float32)


def _finding(score: float, *, inliers: int, agreement: float | None, verified: bool = True) -> RawFinding:
    evidence = Evidence(
        transform=np.eye(3) if verified else None,
        upload_points=_NONE,
        reference_points=_NONE,
        mirrored=False,
        negative=False,
        inliers=inliers,
        agreement=agreement,
        overlap=1.0,
        cosine=0.0,
    )
    return RawFinding(reference_id=1, score=score, evidence=evidence)


@pytest.mark.parametrize(
    ("score", "inliers", "agreement", "expected"),
    [
        (1.0, 0, 0.4, True),
        (5.0, 6, 0.3, False),
        (0.9, 7, 0.9, False),
        (0.0, 8, 0.6, True),
        (-0.1, 40, 0.9, False),
        (0.5, 19, None, False),
        (0.5, 20, None, True),
    ],
    ids=[
        "likely",
        "likely, yet hardly visible",
        "few points",
        "solid",
        "solid, yet unlikely",
        "no pixels kept, few",
        "no pixels kept, many",
    ],
)
def test_without_a_policy_a_likely_or_a_solid_finding_convinces(
    score: float, inliers: int, agreement: float | None, *, expected: bool
) -> None:
    assert convincing(_finding(score, inliers=inliers, agreement=agreement), "copy") is expected


def test_what_was_not_verified_convinces_nobody() -> None:
    assert not convincing(_finding(3.0, inliers=0, agreement=None, verified=False), "copy")


@pytest.mark.parametrize(
    ("kind", "score", "expected"),
    [("object", 0.1, Action.REVIEW), ("object", -0.1, Action.CLEAR), ("copy", -0.1, Action.REVIEW)],
)
def test_no_policy_acts_on_an_object_that_is_less_likely_than_not(kind: str, score: float, expected: Action) -> None:
    gallery = Gallery(id=1, name="g", policy='{"review": 0.05, "block": null}', log_only=False, created=0.0, kind=kind)
    rates = RateModel.fit(np.linspace(-20, -10, 400))
    reference = Reference(
        id=1,
        gallery="g",
        entity_id=1,
        entity="e",
        kind=kind,
        name="r",
        source="",
        digest="",
        width=1,
        height=1,
        model_version="",
        added_revision=1,
        removed_revision=None,
        created=0.0,
    )
    ruling = Judge({"g": gallery}, {"g": rates})(_finding(score, inliers=0, agreement=None), reference)
    assert ruling.finding.action is expected
    assert ruling.reported is (expected is Action.REVIEW)


def test_an_object_convinces_by_its_score_alone() -> None:
    assert convincing(_finding(1.0, inliers=0, agreement=None, verified=False), "object")
    assert not convincing(_finding(0.9, inliers=0, agreement=None, verified=False), "object")
