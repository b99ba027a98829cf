"""What a scan gives back: findings with evidence, and one verdict an upload.

Coordinates are pixels of the upright picture at full size, x to the right, y down, the centre of the
first pixel at (0, 0). A transform maps homogeneous reference coordinates to upload coordinates.
Scores are higher for more alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from jaxtyping import Float, Float32, Float64


def cosine_of(product: float) -> float:
    """The cosine that an inner product of two vectors of length 1 means: rounding leads beyond 1, a cosine does not.

    Args:
        product: Near -1 to 1.

    >>> cosine_of(1.0000002)
    1.0
    """
    return min(1.0, max(-1.0, product))


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
class Evidence:
    """What a person can check about one finding; what a kind does not have keeps its default.

    Attributes:
        transform: Homography, reference to upload; None where only the descriptors agree.
        upload_points: Matched points in the upload, row i belongs to row i of ``reference_points``.
        reference_points: The same points in the reference.
        mirrored: The upload shows the reference mirrored.
        negative: The upload shows the reference with inverted colours.
        inliers: Matched points that fit the transform.
        agreement: Share of textured blocks whose aligned pixels agree, 0 to 1; None where no pixels are kept.
        overlap: Share of the reference's area that is seen in the upload, 0 to 1.
        cosine: Similarity of the global descriptors, -1 to 1; None where no model was used.
        heat: How much each place of the upload speaks for the entity, 0 to 1, on a coarse grid over the whole picture;
            None for kinds that have none.
    """

    transform: Float64[np.ndarray, "3 3"] | None
    upload_points: Float[np.ndarray, "n 2"]
    reference_points: Float[np.ndarray, "n 2"]
    mirrored: bool = False
    negative: bool = False
    inliers: int = 0
    agreement: float | None = None
    overlap: float = 0.0
    cosine: float | None = None
    heat: Float32[np.ndarray, "i j"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Finding:
    """This region of the upload shows this entity, because of this reference, with this score.

    Attributes:
        kind: The recogniser's kind, such as ``copy``.
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
        belief: How far it convinces by itself.
        suppressed_by: Number of the review that silences this finding, or None.
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
