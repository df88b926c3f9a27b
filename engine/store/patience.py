"""Who waits while the engine's database takes no writes, as on a full disk, and what is known of it.

Whoever has somebody to answer is told at once. The loops of a process that serves have nobody: they wait
until there is room and then do the very same, for what they have in hand stands nowhere else.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from engine.store.faults import StoreWaits

log = structlog.get_logger("engine")

AGAIN = 1.0
"""Seconds between two tries."""

_STALE = 10.0
"""Seconds after the last failure from which on nobody knows whether it would fail still."""

_waits: ContextVar[bool] = ContextVar("waits", default=False)


@contextmanager
def patience() -> Iterator[None]:
    """Whatever this task does with a database meanwhile waits until it can be written."""
    before = _waits.set(True)
    try:
        yield
    finally:
        _waits.reset(before)


def is_patient() -> bool:
    """Whether this task waits."""
    return _waits.get()


class Shortage:
    """That a database takes no writes, said once in the log, and once more when it does. `seconds` is a
    steady clock."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._fault: StoreWaits | None = None
        self._failed = 0.0

    @property
    def known(self) -> bool:
        """Whether the last write failed."""
        return self._fault is not None

    @property
    def why(self) -> str:
        """Why nothing is written, as far as is known now; empty: nothing is known against it."""
        fresh = self._fault is not None and self._seconds() - self._failed < _STALE
        return str(self._fault) if fresh else ""

    def fresh(self) -> StoreWaits | None:
        """What failed within the last moment, so that there is no use in trying."""
        return self._fault if self._fault is not None and self._seconds() - self._failed < AGAIN else None

    def failed(self, fault: StoreWaits) -> None:
        """A write failed."""
        if self._fault is None:
            log.error("the engine's database takes no writes; all waits", why=str(fault))
        self._fault, self._failed = fault, self._seconds()

    def over(self) -> None:
        """A write went."""
        if self._fault is not None:
            log.info("the engine's database takes writes again")
        self._fault = None
