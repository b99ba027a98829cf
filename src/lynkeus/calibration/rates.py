"""Turn a raw score into expected false alarms per clean upload, with an upper bound.

The model uses the highest raw score of each clean upload of the background against the gallery. Below the 90 %
quantile the rate is empirical. Above the quantile an exponential tail is fitted to the excesses (the extreme-value
limit of light tails; Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, chapter 4). The upper
bound does not depend on the fit. The bound is the larger of two numbers: the Clopper-Pearson bound (95 %, one-sided;
Biometrika 26, 1934) on the share of clean uploads that score at least as high; and 3 / n, the rule of three, since n
clean uploads cannot show a rarer event.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

RULE_OF_THREE = 3.0
"""No event in n trials bounds the rate by 3 / n at 95 %: -ln(0.05) is 3.0."""
FEWEST = 10
"""Fewest clean uploads for a fit: below 10, the least tail of 5 scores would be more than half of them."""
_TAIL_SHARE = 0.1  # the scores above the 90 % quantile; the exact share hardly matters, the upper bound ignores the fit
_FEWEST_IN_TAIL = 5  # a mean excess over fewer scores is mostly noise; the exact number hardly matters
_CONFIDENCE = 0.95  # one-sided; the level at which the rule of three holds
_ROUNDING = 1e-9  # far above the rounding of 64-bit floats, far below any rate that a background can show


@dataclass(frozen=True, slots=True)
class Rate:
    """Expected false alarms per clean upload.

    Attributes:
        value: Estimate, 0 to 1.
        upper: Upper bound (95 %), never below 3 / n.
    """

    value: float
    upper: float

    def within(self, allowed: float) -> bool:
        """Whether the upper bound is at most ``allowed``, up to rounding."""
        return self.upper <= allowed * (1 + _ROUNDING)


@dataclass(frozen=True, slots=True, eq=False)
class RateModel:
    """A fitted calibration.

    Attributes:
        scores: Highest raw score of each clean upload, ascending.
        tail_start: Score above which the tail was fitted.
        tail_scale: Mean excess over ``tail_start``.
    """

    scores: Float64[np.ndarray, " n"]
    tail_start: float
    tail_scale: float

    @classmethod
    def fit(cls, scores: Float64[np.ndarray, " n"]) -> "RateModel | None":
        """Fit to the highest scores of clean uploads; None for fewer than 10 uploads."""
        if len(scores) < FEWEST:
            return None
        ordered = np.sort(scores)
        tail = ordered[-max(round(_TAIL_SHARE * len(ordered)), _FEWEST_IN_TAIL) :]
        scale = float(max(np.mean(tail - tail[0]), _ROUNDING))
        return cls(ordered, float(tail[0]), scale)

    def __len__(self) -> int:
        """Number of clean uploads."""
        return len(self.scores)

    def __call__(self, score: float) -> Rate:
        """The rate of findings that score at least as high; the rate never rises with the score."""
        count = len(self.scores)
        above = self._above(score)
        if score <= self.tail_start:
            value = above / count
        else:
            excess = (score - self.tail_start) / self.tail_scale
            value = self._above(self.tail_start) / count * math.exp(-excess)
        upper = max(clopper_pearson_upper(above, count), RULE_OF_THREE / count)
        return Rate(value, min(max(upper, value), 1.0))

    def _above(self, score: float) -> int:
        """Number of clean uploads that score at least as high."""
        return len(self.scores) - int(np.searchsorted(self.scores, score, side="left"))


def needed(rate: float) -> int:
    """Fewest independent clean uploads that can support a rate, by the rule of three.

    >>> needed(1 / 100)
    300
    """
    return math.ceil(RULE_OF_THREE / rate * (1 - _ROUNDING))


@lru_cache(maxsize=1 << 16)
def clopper_pearson_upper(hits: int, count: int) -> float:
    """Upper 95 % bound of a share after ``hits`` in ``count`` trials, by bisection on the binomial distribution.

    >>> round(clopper_pearson_upper(0, 100), 4)
    0.0295
    """
    if hits >= count:
        return 1.0
    k = np.arange(hits + 1)
    log_choose = np.concatenate([[0.0], np.cumsum(np.log((count - k[:-1]) / k[1:]))])
    low, high = hits / count, 1.0
    while high - low > _ROUNDING * high:
        share = (low + high) / 2
        log_terms = log_choose + k * np.log(share) + (count - k) * np.log1p(-share)
        if np.logaddexp.reduce(log_terms) > math.log1p(-_CONFIDENCE):
            low = share
        else:
            high = share
    return high
