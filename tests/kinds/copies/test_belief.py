"""How far a finding of a copy convinces by itself."""

import numpy as np
import pytest

from lynkeus.core import Alignment, Belief, Evidence, Points
from lynkeus.kinds.copies.belief import belief_in


def _evidence(inliers: int, agreement: float | None, *, verified: bool = True) -> Evidence:
    if not verified:
        return Evidence(similarity=0.0)
    spots = np.zeros((inliers, 2))
    return Evidence(
        alignment=Alignment(transform=np.eye(3), agreement=agreement, overlap=1.0),
        points=Points(upload=spots, reference=spots),
    )


@pytest.mark.parametrize(
    ("score", "inliers", "agreement", "expected"),
    [
        (1.0, 0, 0.4, Belief.LIKELY),
        (5.0, 6, 0.3, Belief.POSSIBLE),
        (0.9, 7, 0.9, Belief.POSSIBLE),
        (0.0, 8, 0.6, Belief.LIKELY),
        (-0.1, 40, 0.9, Belief.UNLIKELY),
        (0.5, 19, None, Belief.POSSIBLE),
        (0.5, 20, None, Belief.LIKELY),
        (4.6, 20, 0.8, Belief.CERTAIN),
        (4.6, 19, 0.8, Belief.LIKELY),
        (4.5, 20, 0.8, Belief.LIKELY),
    ],
    ids=[
        "likely",
        "likely, yet hardly visible",
        "few points",
        "solid",
        "solid, yet unlikely",
        "no pixels kept, few",
        "no pixels kept, many",
        "beyond doubt",
        "too few points for that",
        "odds too short for that",
    ],
)
def test_score_geometry_and_pixels_decide(
    score: float, inliers: int, agreement: float | None, expected: Belief
) -> None:
    assert belief_in(score, _evidence(inliers, agreement)) is expected


def test_what_was_not_verified_is_possible_at_most() -> None:
    assert belief_in(9.0, _evidence(0, None, verified=False)) is Belief.POSSIBLE
