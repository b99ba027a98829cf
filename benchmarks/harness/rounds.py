"""CPU cost in forwards. Pictures and the floor are timed in turns, so that load on the machine slows both alike.

A round is some pictures, then one pass of the floor network (``benchmarks.harness.floor``). Each round gives one
ratio; the figure is their median with the quartiles. Times are CPU seconds of this process.
"""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.harness.floor_session import FloorSession


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one picture costs.

    Attributes:
        forwards: Median ratio to the floor over the rounds.
        quartiles: Lower and upper quartile of that ratio.
        cpu_ms: Mean CPU milliseconds a picture.
        forward_ms: Median CPU milliseconds of the floor.
        rounds: Number of rounds.
        pictures: Number of pictures.
    """

    forwards: float
    quartiles: tuple[float, float]
    cpu_ms: float
    forward_ms: float
    rounds: int
    pictures: int


@dataclass(slots=True)
class Rounds:
    """Collects the times of pictures, and runs the floor after each round of them.

    Attributes:
        floor: Runs the floor once.
        size: Pictures a round.
    """

    floor: FloorSession
    size: int = 33
    _round: list[float] = field(default_factory=list[float])
    _means: list[float] = field(default_factory=list[float])
    _floors: list[float] = field(default_factory=list[float])
    _pictures: int = 0

    @contextmanager
    def picture(self) -> Generator[None, None, None]:
        """Time what one picture costs."""
        started = time.process_time()
        yield
        self.add(time.process_time() - started)

    def add(self, seconds: float) -> None:
        """Note the CPU seconds of one picture that were timed elsewhere."""
        self._round.append(seconds)
        if len(self._round) == self.size:
            self._close()

    def _close(self) -> None:
        self._means.append(float(np.mean(self._round)))
        self._pictures += len(self._round)
        self._floors.append(self.floor())
        self._round.clear()

    def cost(self) -> Cost:
        """The cost of all pictures so far; a last round that is not full counts as one.

        Raises:
            ValueError: No picture was timed.
        """
        if self._round:
            self._close()
        if not self._means:
            raise ValueError("no picture was timed")
        return _cost(np.array(self._means), np.array(self._floors), self._pictures)


def cost_against(seconds: Sequence[float], floors: Sequence[float], *, size: int = 33) -> Cost:
    """The cost of pictures that another process timed, against the floor as it was timed before and after.

    Args:
        seconds: CPU seconds of each picture.
        floors: CPU seconds of passes of the floor.
        size: Pictures a round.
    """
    means = np.array([np.mean(seconds[start : start + size]) for start in range(0, len(seconds), size)])
    return _cost(means, np.full(len(means), np.median(floors)), len(seconds))


def _cost(means: np.ndarray, floors: np.ndarray, pictures: int) -> Cost:
    low, middle, high = (round(float(q), 3) for q in np.quantile(means / floors, [0.25, 0.5, 0.75]))
    return Cost(
        forwards=middle,
        quartiles=(low, high),
        cpu_ms=round(1000 * float(np.mean(means)), 2),
        forward_ms=round(1000 * float(np.median(floors)), 1),
        rounds=len(means),
        pictures=pictures,
    )


def open_floor(folder: Path) -> FloorSession:
    """The floor, its network made in a folder unless it lies there already.

    Only making it needs PyTorch: a process that measures memory opens what another made.
    """
    file = folder / "floor.onnx"
    if not file.exists():
        from benchmarks.harness.floor import floor_model  # noqa: PLC0415  PyTorch is heavy

        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(floor_model())
    return FloorSession(file)
