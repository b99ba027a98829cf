"""Objects in one upload: which are likely, what the policy says of them, and where they are seen.

Where is asked only for what is reported: it takes another pass of the network. Of entities of one gallery that are seen
in one place the likeliest is reported.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Float32

from lynkeus.core import Finding, Picture
from lynkeus.kinds.objects.gallery import KnownObjects
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.judged import judged

_ONE_PLACE = 0.5


def find_objects(
    home: Home,
    vector: Float32[np.ndarray, " d"],
    picture: Callable[[], Picture],
    known: KnownObjects,
    judge: Judge,
    galleries: frozenset[str],
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """All candidates as findings, and those of them that are reported, best first.

    Args:
        home: Knows the references' names.
        vector: The upload's.
        picture: Gives the upload's pixels, or its thumbnail with its full size.
        known: The references.
        judge: Calibrations and policies.
        galleries: Names of the galleries that count; empty means all.
    """
    candidates, shown = judged(home, home.objects.recognise(vector, known), judge, galleries)
    if not shown:
        return candidates, ()
    places = home.objects.locate(picture(), [each.reference_id for each in shown], known)
    placed: list[Finding] = []
    for finding, place in zip(shown, places, strict=True):
        rivals = [better.region for better in placed if better.gallery == finding.gallery]
        if all(_common(place.region, region) < _ONE_PLACE for region in rivals):
            placed.append(replace(finding, region=place.region, evidence=replace(finding.evidence, heat=place.heat)))
    return candidates, tuple(placed)


def _common(one: Float[np.ndarray, "n 2"], other: Float[np.ndarray, "n 2"]) -> float:
    """Common area of two boxes in shares of the smaller, 0 to 1; 1 where either is unknown."""
    if not (len(one) and len(other)):
        return 1.0
    inner = np.minimum(one[2], other[2]) - np.maximum(one[0], other[0])
    smaller = min(float((box[2] - box[0]).prod()) for box in (one, other))
    return float(np.maximum(inner, 0).prod()) / max(smaller, 1e-9)
