"""By when something has to come, set anew several times for each mail."""

import asyncio
from collections.abc import Callable


class Deadline:
    """`missed` is called, with the seconds that were given, when nothing has come in time.

    A timer of the loop that was set stays as long as it goes off early enough, and looks then whether there
    is more time: to set the deadline anew, or to lift it, costs a fraction of a timer.
    """

    def __init__(self, missed: Callable[[float], None]) -> None:
        self.since: float | None = None  # by the loop's clock; None: nothing is waited for
        self._missed = missed
        self._seconds = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """From now on there are so many seconds."""
        loop = asyncio.get_running_loop()
        self.since, self._seconds = loop.time(), seconds
        ends = self.since + seconds
        if self._timer is not None and self._timer.when() > ends:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(ends, self._look)

    def lift(self) -> None:
        """Nothing is waited for."""
        self.since = None

    def close(self) -> None:
        """Nothing will be waited for any more."""
        self.since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.since is None:
            return
        loop, ends = asyncio.get_running_loop(), self.since + self._seconds
        if loop.time() < ends:
            self._timer = loop.call_at(ends, self._look)
        else:
            self._missed(self._seconds)
