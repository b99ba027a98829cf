"""Which clean pictures a new reference must be matched with, and what the others score with it.

The reference searches the clean pictures, not the other way round: one search instead of thousands. A clean picture
that the reference votes for, or that resembles the reference, is worth matching. Any other clean picture would score
the reference unverified, by similarity alone, and that score is known at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from lynkeus.kinds.copies.score import CopyScore, Signals
from lynkeus.kinds.normalisation import CleanVectors
from lynkeus.kinds.protocol import WorthMatching

LEAST_LIKE = 0.05
"""Similarity above the baseline from which a candidate without votes is verified: no copy of the tune half has less."""

VOTED = 24
"""Clean pictures with most votes of the reference that are ranked: a few times ``_MATCHED``."""

CLEAN_NEIGHBOURS = 16
"""Nearest points of clean pictures that get votes of a reference's point: clean pictures have more points than most
galleries, so a match that counts in the gallery is not always among the nearest 4. 12 to 33 rank pairs alike."""

_MATCHED = 6  # pairs matched for each reference: under half a second; benchmarks/copies/cheap_rates.py counts losses
_SURELY = 3  # pairs with most votes are matched whatever the best is: nobody knows what verification adds to votes


@dataclass(frozen=True, slots=True, eq=False)
class CleanPairs:
    """Ranks pairs of a reference and a clean picture.

    Attributes:
        score: The fitted score.
        clean: Vectors that scores are normalised with.
    """

    score: CopyScore
    clean: CleanVectors

    def worth(
        self,
        best: Mapping[int, float],
        *,
        vector: Float32[np.ndarray, " d"],
        looks: Mapping[int, Float32[np.ndarray, "n d"]],
        votes: Mapping[int, float],
    ) -> WorthMatching:
        """Clean pictures whose best score a reference may beat.

        Args:
            best: Clean picture to its best score so far.
            vector: The reference's vector.
            looks: Clean picture to the vectors of its looks.
            votes: Votes of the reference for clean pictures, those with most.
        """
        ids, excess = self._excess(vector, looks)
        before = np.array([best[number] for number in ids.tolist()])
        cast = np.array([votes.get(number, 0.0) for number in ids.tolist()])
        alike = self.score.unverified(excess, np.zeros(len(ids))) > before
        gain = self.score.unverified(excess, cast) - before
        gain[np.argsort(-cast, kind="stable")[:_SURELY]] = np.inf
        chosen = np.flatnonzero((cast > 0) | (excess >= LEAST_LIKE))
        chosen = chosen[np.argsort(-gain[chosen], kind="stable")][:_MATCHED]
        matched = tuple(ids[chosen].tolist())
        unverified = {number: self._alone(vector, looks[number]) for number in ids[alike].tolist()}
        return WorthMatching(matched=matched, unverified=unverified)

    def _excess(
        self, vector: Float32[np.ndarray, " d"], looks: Mapping[int, Float32[np.ndarray, "n d"]]
    ) -> tuple[Int64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
        """Each clean picture, and by how much the similarity of its most similar look exceeds the baseline."""
        ids = np.fromiter(looks, np.int64, len(looks))
        if not len(ids):
            return ids, np.zeros(0)
        rows = np.concatenate([looks[number] for number in ids.tolist()])
        excess = rows @ vector - self.clean.baselines(rows)
        first = np.cumsum([0, *(len(looks[number]) for number in ids.tolist()[:-1])])
        return ids, np.maximum.reduceat(excess, first).astype(np.float64)

    def _alone(self, vector: Float32[np.ndarray, " d"], looks: Float32[np.ndarray, "n d"]) -> float:
        """The score by similarity alone, rounded as ``match`` rounds."""
        excess = max(float(look @ vector) - self.clean.baseline(look) for look in looks)
        return self.score(Signals(cosine=excess))
