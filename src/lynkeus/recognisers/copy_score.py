"""One continuous score for a copy, from everything that was seen.

A logistic model over a few signals; its weights were fitted on the tune half of ``benchmarks/copies`` (command in
docs/methods/copies.md). The score is log odds; the calibrated rate, not this number, is what a policy uses.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What was seen of one candidate.

    Attributes:
        cosine: Similarity of the global descriptors less that of the nearest background; 0 where unknown.
        votes: Weight of the votes for the winning similarity.
        inliers: Matched points that fit the transform; 0 without one.
        inlier_share: Inliers over matches, 0 to 1.
        spread: Share of a 6 x 6 grid on the reference that holds an inlier.
        overlap: Share of the reference's area that lies in the upload.
        agreement: Share of textured blocks that agree; 0 where nothing was compared.
        blocks: Number of textured blocks.
        correlation: Mean correlation over textured blocks.
    """

    cosine: float = 0.0
    votes: float = 0.0
    inliers: int = 0
    inlier_share: float = 0.0
    spread: float = 0.0
    overlap: float = 0.0
    agreement: float = 0.0
    blocks: int = 0
    correlation: float = 0.0

    def numbers(self) -> tuple[float, ...]:
        """The numbers that the model weighs."""
        inliers = float(np.log1p(min(self.inliers, 100)))
        trusted = float(min(self.blocks, 20) / 20)
        agreement = max(0.0, self.agreement - 0.3) * trusted
        matched = float(self.inliers > 0)
        return (
            self.cosine,
            float(np.log1p(self.votes)),
            inliers,
            self.inlier_share * inliers,
            self.spread,
            agreement,
            agreement * inliers,
            self.correlation * trusted,
            self.cosine * agreement,
            1 - matched,
            agreement * (1 - matched),
            self.cosine * (1 - matched),
            max(0.0, min(self.votes, 8.0) - 2.5),
            max(0.0, min(self.votes, 8.0) - 1.0),
            max(0.0, self.agreement - 0.65) * trusted * matched,
            max(0.0, self.agreement - 0.8) * trusted * matched,
            min(self.blocks, 60) / 60,
            max(0.0, self.cosine - 0.1),
        )


@dataclass(frozen=True, slots=True)
class CopyScore:
    """The logistic model: score = bias + weights . numbers."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, signals: Signals) -> float:
        """Log odds that the candidate is a copy."""
        return self.bias + float(np.dot(self.weights, signals.numbers()))
