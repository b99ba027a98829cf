"""Process many pictures at once, in order, with bounded look-ahead."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def default_jobs() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def batched(items: Iterable[_In], size: int) -> Iterator[list[_In]]:
    """Split items into lists of ``size``, in order; the last list may be shorter, and no list is empty."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def ahead(jobs: int) -> int:
    """Items that are taken ahead at most while others are worked on."""
    return 4 * jobs if jobs > 1 else 0


def in_order(work: Callable[[_In], _Out], items: Iterable[_In], *, jobs: int) -> Iterator[_Out]:
    """Results in the order of the items; at most ``4 * jobs`` items are processed ahead.

    Args:
        work: Called in threads; OpenCV, Faiss and ONNX Runtime release Python's lock, so that threads run in parallel.
        items: The items.
        jobs: Number of threads; 1 works in the caller's thread.
    """
    if jobs <= 1:
        yield from map(work, items)
        return
    pending: deque[Future[_Out]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) >= ahead(jobs):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
