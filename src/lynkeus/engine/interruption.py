"""Being asked to end: the step at work is finished and saved first."""

import signal
import threading
from types import FrameType, TracebackType
from typing import final

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@final
class Interruption:
    """Notes that the process was asked to end, while it is entered.

    A second request ends the process at once, as it would have been before.
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
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType] - it came from the same function
        self._before = {}
