"""Running the floor network without PyTorch."""

import time
from pathlib import Path

import numpy as np

from lynkeus.runtime.sessions import open_session

SHAPE = (1, 3, 288, 384)
_WARMING = 3


class FloorSession:
    """The floor network, ready to be timed.

    Args:
        file: The network, as ``benchmarks.harness.floor`` makes it.
    """

    def __init__(self, file: Path) -> None:
        self._session = open_session(file)
        self._pixels = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
        for _ in range(_WARMING):
            self()

    def __call__(self) -> float:
        """CPU seconds of one pass."""
        started = time.process_time()
        self._session.run(None, {"x": self._pixels})
        return time.process_time() - started
