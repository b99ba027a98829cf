"""What a scan gives back: findings with evidence, and one verdict an upload.

Coordinates are pixels of the upright picture at full size, x to the right, y down, the centre of the
first pixel at (0, 0). A transform maps homogeneous reference coordinates to upload coordinates.
Scores are higher for more alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from jaxtyping import Float

from lynkeus.core.evidence import Evidence
from lynkeus.core.media import Span


class Action(StrEnum):
    """What a policy asks for, from mildest to strictest."""

    CLEAR = "clear"
    REVIEW = "review"
    BLOCK = "block"


class Verdict(StrEnum):
    """The outcome for one upload: the strictest action over its findings, or unreadable."""

    CLEAR = "clear"
    REVIEW = "review"
    BLOCK = "block"
    UNREADABLE = "unreadable"


class Belief(IntEnum):
    """How far a finding convinces by itself; a kind decides that where it makes the finding.

    An unlikely finding is never reported, and no policy acts on it. A policy decides about the others. Without a policy
    in force, likely and certain findings ask for review.
    """

    UNLIKELY = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


_STRICTNESS = {Action.CLEAR: 0, Action.REVIEW: 1, Action.BLOCK: 2}


def strictest(actions: Sequence[Action]) -> Action:
    """The strictest of some actions; ``clear`` of none.

    >>> strictest([Action.CLEAR, Action.BLOCK, Action.REVIEW]).value
    'block'
    """
    return max(actions, key=_STRICTNESS.__getitem__, default=Action.CLEAR)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Finding:
    """This region of the upload shows this entity, because of this reference, with this score.

    Attributes:
        kind: Name of the kind that made the finding.
        gallery: Name of the gallery.
        entity: Name of the entity.
        reference: Name of the reference, usually its file name.
        reference_id: Its number in the catalog.
        score: Continuous raw score; rankings use it.
        rate: Expected false alarms a clean upload against this gallery, 0 to 1; None without a background.
        rate_upper: Upper bound of that rate (95 %); None without a background.
        action: What the gallery's policy asks for.
        region: Outline of the match in the upload, corners in order; empty where unknown.
        reference_region: Outline of the matched part in the reference.
        evidence: What a person can check.
        belief: How far the finding convinces by itself.
        suppressed_by: Number of the review that silences this finding, or None.
        names_entity: The finding names an entity that several references show, rather than one reference.
        span: Seconds of the upload in which the entity is seen; None where the upload has no time.
        reference_span: Seconds of the reference that match; None where the reference has no time.
    """

    kind: str
    gallery: str
    entity: str
    reference: str
    reference_id: int
    score: float
    evidence: Evidence
    rate: float | None = None
    rate_upper: float | None = None
    action: Action = Action.REVIEW
    region: Float[np.ndarray, "n 2"] = field(default_factory=lambda: np.zeros((0, 2)))
    reference_region: Float[np.ndarray, "m 2"] = field(default_factory=lambda: np.zeros((0, 2)))
    belief: Belief = Belief.LIKELY
    suppressed_by: int | None = None
    names_entity: bool = False
    span: Span | None = None
    reference_span: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UploadResult:
    """One row of a scan: an upload with its findings, or the reason why it could not be read."""

    upload: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    width: int = 0
    height: int = 0
    digest: str = ""
    seconds: float = 0.0
