"""Explain away weak findings whose region a much better finding already covers.

A copy of a garment also matches another garment on the same floor, since both pictures show the floor. Where the copy
itself is found, the copy explains the floor, and the other finding loses most of its score. References that agree
almost everywhere are near-copies of each other and keep their scores.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float

from lynkeus.kinds.copies.belief import belief_in
from lynkeus.kinds.protocol import RawFinding

LOSS = 4.0
"""Log odds that a wholly covered finding loses."""

AHEAD = 2.0
"""Log odds by which the better finding must lead."""

KIN = 0.8
"""Agreement from which a finding stands for itself."""


def explain_away(findings: Sequence[RawFinding]) -> list[RawFinding]:
    """The findings of one upload, best first, the covered ones with lower scores."""
    lowered = [_lowered(finding, LOSS * _explained(finding, findings)) for finding in findings]
    return sorted(lowered, key=lambda f: -f.score)


def _lowered(finding: RawFinding, loss: float) -> RawFinding:
    score = finding.score - loss
    return replace(finding, score=score, belief=belief_in(score, finding.evidence))


def _explained(finding: RawFinding, findings: Sequence[RawFinding]) -> float:
    """How much of a finding, 0 to 1, is explained by the better ones, in the measure in which they are certain."""
    alignment = finding.evidence.alignment
    if alignment is not None and (alignment.agreement or 0.0) >= KIN:
        return 0.0
    better = [f for f in findings if f.score > finding.score + AHEAD]
    return max((coverage(finding.region, f.region) / (1 + math.exp(-f.score)) for f in better), default=0.0)


def coverage(region: Float[np.ndarray, "n 2"], other: Float[np.ndarray, "m 2"]) -> float:
    """Share of a convex region that lies within another one, 0 to 1; 0 where either has no area."""
    a, b = (np.asarray(r, np.float32) for r in (region, other))
    if min(len(a), len(b)) < 3 or cv2.contourArea(a) <= 0:
        return 0.0
    inner = cv2.intersectConvexConvex(_clockwise(a), _clockwise(b))[0]
    return float(np.clip(inner / cv2.contourArea(a), 0, 1))


def _clockwise(outline: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    return outline if cv2.contourArea(outline, oriented=True) >= 0 else np.ascontiguousarray(outline[::-1])
