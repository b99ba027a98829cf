"""Laws of all samplers: the same seed gives the same batches, from any position and in any order."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lynkeus.data.class_batches import ClassBatches
from lynkeus.data.epochs import EpochSampler, Place, resume
from lynkeus.data.pairs import ClassPairs
from lynkeus.data.repeat_factor import RepeatFactorBatches

pytestmark = pytest.mark.torch

LABEL = np.repeat(np.arange(7), np.arange(2, 9)).astype(np.int64)
Make = Callable[[int], EpochSampler[Any]]


def _class_batches(seed: int) -> EpochSampler[Any]:
    return ClassBatches(label=LABEL, classes=3, pictures=4, seed=seed)


def _pairs(seed: int) -> EpochSampler[Any]:
    return ClassPairs(label=LABEL, seed=seed, positives=5, negatives=4, batch=10, every=2)


def _repeated(seed: int) -> EpochSampler[Any]:
    return RepeatFactorBatches(factor=np.linspace(1.0, 3.0, len(LABEL)), batch=8, seed=seed)


SAMPLERS: list[Make] = [_class_batches, _pairs, _repeated]


def _bytes(batch: Any) -> bytes:
    return b"".join(np.asarray(part).tobytes() for part in (batch if isinstance(batch, tuple) else (batch,)))


@pytest.mark.parametrize("make", SAMPLERS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 30))
def test_a_run_that_resumes_gets_what_the_unbroken_run_got(make: Make, seed: int, cut: int) -> None:
    whole = list(islice(resume(make(seed)), cut + 8))
    place, _ = whole[cut]
    rest = list(islice(resume(make(seed), epoch=place.epoch, index=place.index), 8))
    assert [p for p, _ in rest] == [p for p, _ in whole[cut:]]
    assert [_bytes(b) for _, b in rest] == [_bytes(b) for _, b in whole[cut:]]


@pytest.mark.parametrize("make", SAMPLERS)
def test_another_seed_and_another_epoch_give_other_batches(make: Make) -> None:
    batches = [b"".join(_bytes(b) for b in make(seed).epoch(epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(batches)) == 4


@pytest.mark.parametrize("make", SAMPLERS)
def test_epochs_may_be_asked_for_in_any_order(make: Make) -> None:
    sampler = make(3)
    later = [_bytes(b) for b in sampler.epoch(4)]
    sampler.epoch(0)
    assert [_bytes(b) for b in sampler.epoch(4)] == later


def test_an_index_behind_the_last_batch_begins_with_the_next_epoch() -> None:
    sampler = _class_batches(0)
    behind = len(sampler.epoch(2))
    place, _ = next(resume(sampler, epoch=2, index=behind))
    assert place == Place(epoch=3, index=0)
