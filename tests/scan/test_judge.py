import numpy as np
import pytest

from lynkeus.core import Evidence
from lynkeus.recognisers.protocol import RawFinding
from lynkeus.scan.judge import convincing

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
