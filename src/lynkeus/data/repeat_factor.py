"""Repeat-factor sampling: pictures with rare classes come more than once per epoch.

Formula: ``f_c`` is the share of pictures that show class c, ``r_c = max(1, sqrt(t / f_c))``, and a picture's factor
is the highest ``r_c`` of its classes, 1 without any.

Source: LVIS (Gupta et al. 2019, https://arxiv.org/abs/1908.03195, appendix); t is .001 there and .002 in the logo
challenge's code.

Changed: common code rounds all factors up once, so a picture of factor 1.01 comes twice in every epoch. Here each
epoch rounds each factor up or down at random, so that the mean is exact.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from lynkeus.core import DataError


def repeat_factors(
    picture: Int64[np.ndarray, " m"], label: Int64[np.ndarray, " m"], *, pictures: int, threshold: float
) -> Float64[np.ndarray, " pictures"]:
    """How often each picture comes per epoch on average, 1 and up.

    Args:
        picture: Picture of each annotation.
        label: Class of each annotation; a class that a picture shows twice counts once.
        pictures: Number of pictures.
        threshold: Share of pictures below which a class is repeated, 0 to 1.

    >>> repeat_factors(np.array([0, 0, 1]), np.array([0, 1, 0]), pictures=4, threshold=1.0).tolist()
    [2.0, 1.4142135623730951, 1.0, 1.0]
    """
    factor = np.ones(pictures)
    if len(label) == 0:
        return factor
    shown = np.unique(np.stack((picture, label), axis=1), axis=0)
    share = np.bincount(shown[:, 1]) / pictures
    np.maximum.at(factor, shown[:, 0], np.sqrt(threshold / share[shown[:, 1]]))
    return factor


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RepeatFactorBatches:
    """Batches of picture numbers; the factor of a picture is its mean number of repeats.

    Attributes:
        factor: How often each picture comes per epoch on average, 0 and up; at least one is above 0.
        batch: Pictures per batch; the last batch of an epoch may have fewer.
        seed: Seeds every random choice.

    Raises:
        DataError: ``batch`` is below 1, or no factor is above 0.
    """

    factor: Float64[np.ndarray, " n"]
    batch: int
    seed: int

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise DataError(f"batches of {self.batch} pictures, must be at least 1")
        if not (self.factor > 0).any():
            raise DataError("no picture has a factor above 0")

    def epoch(self, number: int) -> list[Int64[np.ndarray, " b"]]:
        """The batches of an epoch; epochs differ a little in length.

        Args:
            number: Number of the epoch, 0 and up.
        """
        rng = np.random.default_rng((self.seed, number))
        whole = np.floor(self.factor)
        times = whole + (rng.random(len(whole)) < self.factor - whole)
        order = rng.permutation(np.repeat(np.arange(len(whole)), times.astype(np.int64)))
        return [order[start : start + self.batch] for start in range(0, len(order), self.batch)]
