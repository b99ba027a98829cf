"""Batches by epoch and index, each a function of seed, epoch and index alone.

No sampler here has a state: a run that stopped before batch ``index`` of ``epoch`` asks for ``resume(sampler, epoch,
index)`` and gets what the unbroken run got. What a run must save is these two numbers and the seed, no generator.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Protocol, TypeVar, runtime_checkable

BatchT = TypeVar("BatchT")
BatchT_co = TypeVar("BatchT_co", covariant=True)


@runtime_checkable
class EpochSampler(Protocol[BatchT_co]):
    """What gives an epoch's batches when asked by number, in any order and as often as wanted."""

    def epoch(self, number: int) -> Sequence[BatchT_co]:
        """The batches of an epoch, in order.

        Args:
            number: 0 and up.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in a run a batch stands.

    Attributes:
        epoch: 0 and up.
        index: Of the batch in its epoch, 0 and up.
    """

    epoch: int
    index: int


def resume(sampler: EpochSampler[BatchT], *, epoch: int = 0, index: int = 0) -> Iterator[tuple[Place, BatchT]]:
    """All batches from a place on, epoch after epoch, endlessly.

    Args:
        sampler: What makes them.
        epoch: First epoch.
        index: First batch in it; behind the last it begins with the next epoch.
    """
    for number in count(epoch):
        first = index if number == epoch else 0
        for place, batch in islice(enumerate(sampler.epoch(number)), first, None):
            yield Place(epoch=number, index=place), batch
