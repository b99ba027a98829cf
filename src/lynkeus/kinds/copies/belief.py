"""How far a finding of a copy convinces by itself, without any calibration.

Bounds of the score are log odds. On the tune half of ``benchmarks/copies``, scored by folds, the bounds of a likely
finding take 1,931 of 2,052 copies among the candidates and 4 candidates that are no copies; solid geometry alone took
1,852 and 15.
"""

import math

from lynkeus.core import Alignment, Belief, Evidence

OPEN = 0.0
"""Below it a candidate is less likely a copy than not."""

LIKELY = 1.0
"""From here on a candidate whose pixels visibly agree is likely a copy."""

CERTAIN = math.log(99)
"""From here on the odds are 99 to 1; pixels must agree, too."""

_VISIBLE = 0.4  # agreement of pixels that a person sees at a glance
_SOLID_INLIERS, _SOLID_AGREEMENT = 8, 0.6  # strangers that share nothing reach at most 4 inliers in 380 pairs
_SOLID_WITHOUT_PIXELS = 20  # inliers wanted where no pixels are kept; see _SURE_INLIERS
_SURE_INLIERS, _SURE_AGREEMENT = 20, 0.8  # no stranger of the tune half reaches both


def belief_in(score: float, evidence: Evidence) -> Belief:
    """How far a candidate convinces.

    Args:
        score: Its log odds.
        evidence: What was seen of it.
    """
    if score < OPEN:
        return Belief.UNLIKELY
    if evidence.alignment is None:
        return Belief.POSSIBLE
    if score >= CERTAIN and settles(evidence):
        return Belief.CERTAIN
    visible = (evidence.alignment.agreement or 0.0) >= _VISIBLE
    likely = (score >= LIKELY and visible) or _solid(evidence.alignment, _inliers(evidence))
    return Belief.LIKELY if likely else Belief.POSSIBLE


def settles(evidence: Evidence) -> bool:
    """Whether geometry and pixels leave no doubt that a candidate is a copy."""
    agreement = None if evidence.alignment is None else evidence.alignment.agreement
    return _inliers(evidence) >= _SURE_INLIERS and (agreement or 0.0) >= _SURE_AGREEMENT


def _inliers(evidence: Evidence) -> int:
    return 0 if evidence.points is None else evidence.points.inliers


def _solid(alignment: Alignment, inliers: int) -> bool:
    """Whether geometry and pixels alone are convincing."""
    if alignment.agreement is None:
        return inliers >= _SOLID_WITHOUT_PIXELS
    return inliers >= _SOLID_INLIERS and alignment.agreement >= _SOLID_AGREEMENT
