"""A loop in which nobody waits: its time goes on to the next thing that is due."""

import asyncio
import selectors
from typing import Any


class _Impatient(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Takes any wait for over, and counts it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits, and nobody will ever be told anything")
        self.waited += max(timeout, 0)
        return super().select(0)


class TimelessLoop(asyncio.SelectorEventLoop):
    """For what uses neither sockets nor threads."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.waited
