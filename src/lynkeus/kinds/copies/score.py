"""One continuous score for a copy, from everything that was seen.

A small network over a few signals; its weights were fitted on the tune half of ``benchmarks/copies`` (command in
docs/methods/copies.md). The score is log odds; the calibrated rate, not this number, is what a policy uses.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from lynkeus.core import CorruptError
from lynkeus.matching.check import CheckResult


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
        likeness: Correlation of the whole overlap.
        structure: Correlation of the lengths of gradients over the whole overlap.
        bent: ``agreement`` after the upload was bent towards the reference.
        bent_structure: ``structure`` likewise.
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
    likeness: float = 0.0
    structure: float = 0.0
    bent: float = 0.0
    bent_structure: float = 0.0

    def numbers(self) -> tuple[float, ...]:
        """The numbers that the model weighs, each within a few units; shares of few blocks count less, too."""
        trusted = min(self.blocks, 20) / 20
        return (
            self.cosine,
            float(np.log1p(self.votes)),
            float(np.log1p(min(self.inliers, 100))),
            self.inlier_share,
            self.spread,
            self.overlap,
            self.agreement,
            trusted,
            min(self.blocks, 60) / 60,
            self.correlation,
            self.likeness,
            self.structure,
            self.bent,
            self.bent_structure,
            float(self.inliers > 0),
            self.correlation * trusted,
            self.agreement * trusted,
        )


def signals_of(seen: CheckResult, *, cosine: float, votes: float) -> Signals:
    """The signals of a verified candidate.

    Args:
        seen: What verification showed.
        cosine: As in ``Signals``.
        votes: Likewise.
    """
    verified, agreed = seen.verified, seen.agreed
    return Signals(
        cosine=cosine,
        votes=votes,
        inliers=verified.inliers if verified else 0,
        inlier_share=verified.inliers / max(verified.matches, 1) if verified else 0.0,
        spread=verified.spread if verified else 0.0,
        overlap=agreed.overlap if agreed else 0.0,
        agreement=agreed.share if agreed else 0.0,
        blocks=agreed.blocks if agreed else 0,
        correlation=agreed.correlation if agreed else 0.0,
        likeness=agreed.likeness if agreed else 0.0,
        structure=agreed.structure if agreed else 0.0,
        bent=agreed.bent if agreed else 0.0,
        bent_structure=agreed.bent_structure if agreed else 0.0,
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CopyScore:
    """Log odds: bias + direct . x + outer . tanh(inner x + shift), x = ``Signals.numbers()``.

    Attributes:
        inner: Weights into the hidden units.
        shift: Bias of each hidden unit.
        outer: Weight of each hidden unit.
        direct: Weights past them.
        bias: Bias of the sum.

    No weight of a number that speaks for a copy is negative: more evidence never lowers the score.
    """

    inner: Float64[np.ndarray, "hidden n"]
    shift: Float64[np.ndarray, " hidden"]
    outer: Float64[np.ndarray, " hidden"]
    direct: Float64[np.ndarray, " n"]
    bias: float

    @classmethod
    def loads(cls, text: str) -> "CopyScore":
        """From what ``dumps`` wrote.

        Raises:
            ValueError: It is no JSON.
            KeyError: A part is missing.
        """
        parts = json.loads(text)
        arrays = {name: np.array(parts[name], np.float64) for name in ("inner", "shift", "outer", "direct")}
        return cls(**arrays, bias=float(parts["bias"]))

    @classmethod
    def load(cls, file: Path) -> "CopyScore":
        """From a file of what ``dumps`` wrote.

        Raises:
            CorruptError: The file is missing or no such score.
        """
        try:
            return cls.loads(file.read_text("utf-8"))
        except (OSError, ValueError, LookupError) as error:
            raise CorruptError(f"{file}: no score: {error}") from error

    def dumps(self) -> str:
        """As JSON, one part a line, six digits."""
        arrays = {"inner": self.inner, "shift": self.shift, "outer": self.outer, "direct": self.direct}
        lines = [f'"{name}": {json.dumps(_rounded(values))}' for name, values in arrays.items()]
        return "{" + ",\n ".join([*lines, f'"bias": {self.bias:.6g}']) + "}\n"

    def __call__(self, signals: Signals) -> float:
        """Log odds that the candidate is a copy."""
        numbers = np.array(signals.numbers())
        hidden = np.tanh(self.inner @ numbers + self.shift)
        return float(self.bias + self.direct @ numbers + self.outer @ hidden)

    def unverified(
        self, cosine: Float64[np.ndarray, " m"], votes: Float64[np.ndarray, " m"]
    ) -> Float64[np.ndarray, " m"]:
        """Log odds of many candidates of which nothing but similarity and votes is known.

        Args:
            cosine: As in ``Signals``.
            votes: Likewise.
        """
        numbers = np.tile(Signals().numbers(), (len(cosine), 1))
        numbers[:, 0], numbers[:, 1] = cosine, np.log1p(votes)
        hidden = np.tanh(numbers @ self.inner.T + self.shift)
        return self.bias + numbers @ self.direct + hidden @ self.outer


def _rounded(values: Float64[np.ndarray, "..."]) -> list[Any]:
    if values.ndim > 1:
        return [_rounded(row) for row in values]
    return [float(f"{value:.6g}") for value in values]
