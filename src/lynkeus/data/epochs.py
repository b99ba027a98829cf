"""Batches by epoch and index; each batch depends only on seed, epoch and index.

Samplers have no state. A run that stopped before batch ``index`` of ``epoch`` calls ``resume(sampler, epoch, index)``
and gets the batches of an unbroken run. A run saves only these two numbers and the seed, no generator.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Protocol, TypeVar, runtime_checkable

BatchT = TypeVar("BatchT")
BatchT_co = TypeVar("BatchT_co", covariant=True)


@runtime_checkable
class EpochSampler(Protocol[BatchT_co]):
    """Gives the batches of any epoch by number, in any order and any number of times."""

    def epoch(self, number: int) -> Sequence[BatchT_co]:
        """The batches of an epoch, in order.

        Args:
            number: Number of the epoch, 0 and up.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The position of a batch in a run.

    Attributes:
        epoch: Number of the epoch, 0 and up.
        index: Index of the batch in its epoch, 0 and up.
    """

    epoch: int
    index: int


def resume(sampler: EpochSampler[BatchT], *, epoch: int = 0, index: int = 0) -> Iterator[tuple[Place, BatchT]]:
    """All batches from a position on, epoch after epoch, without end.

    Args:
        sampler: Makes the batches.
        epoch: First epoch.
        index: First batch in that epoch; an index after the last batch starts with the next epoch.
    """
    for number in count(epoch):
        first = index if number == epoch else 0
        for place, batch in islice(enumerate(sampler.epoch(number)), first, None):
            yield Place(epoch=number, index=place), batch
