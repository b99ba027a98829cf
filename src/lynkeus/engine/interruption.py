"""Handle requests to stop: the run finishes and saves the current step first."""

import signal
import threading
from types import FrameType, TracebackType
from typing import final

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # Ctrl-C, and the request of job schedulers


@final
class Interruption:
    """Context manager that records a request to stop.

    A second request ends the process at once, as without this class.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, signal.Handlers | int | object] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType] - from this function
        self._before = {}
