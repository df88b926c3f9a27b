"""How a process that serves is stopped: told once, in good order; told twice, or when that lasts, at once.

At once loses nothing: what was accepted is on the disk, and the next start goes by what the stores and the
attempt file tell, as it does after a crash.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
TOO_LONG = 3
"""The exit code when the good order took longer than it may; by a second signal it is 128 and its number."""


class Stopping:
    """Takes the signals of the process from here on. Upon the first `first` is called, in the loop, and then
    `seconds` are left; `last` is called before the process ends at once, to say why."""

    def __init__(self, seconds: float, first: Callable[[], None], last: Callable[[str], None]) -> None:
        self._first = first
        self._seconds = seconds
        self._last = last
        self._timer: threading.Timer | None = None
        self._loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            self._loop.add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        for number in _SIGNALS:
            self._loop.remove_signal_handler(number)
            signal.signal(number, self._again)  # also where the loop is busy
        self._timer = threading.Timer(self._seconds, self._over)
        self._timer.daemon = True  # a thread: it must not wait for what does not end
        self._timer.start()
        self._first()

    def done(self) -> None:
        """All is in order; the time no longer counts."""
        if self._timer is not None:
            self._timer.cancel()

    def _again(self, number: int, _frame: FrameType | None) -> None:
        self._end(128 + number, "told twice")

    def _over(self) -> None:
        self._end(TOO_LONG, f"stopping took more than {self._seconds:g} seconds")

    def _end(self, code: int, why: str) -> None:
        self._last(why)
        sys.stderr.flush()
        os._exit(code)
