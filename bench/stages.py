"""Where CPU goes: seconds by stage, without what other stages within it take."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any


class _Inner(threading.local):
    """What stages took so far in this thread."""

    seconds = 0.0


class Stages:
    """CPU seconds by stage, taken in the thread that does the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = _Inner()

    def watch(self, owner: object, name: str, stage: str | Callable[..., str]) -> None:
        """Count the time of a synchronous function; `stage` may be told by what it is called with."""
        function = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            began, before = time.thread_time(), self._inner.seconds
            try:
                return function(*arguments, **named)
            finally:
                whole = time.thread_time() - began
                spent = whole - (self._inner.seconds - before)
                self._inner.seconds = before + whole
                which = stage if isinstance(stage, str) else stage(*arguments, **named)
                self.seconds[which] = self.seconds.get(which, 0.0) + spent

        setattr(owner, name, timed)


STORE = {
    "_accept": "engine's store: events kept",
    "_write": "engine's store: events kept",
    "_gather": "engine's store: who is due, and what came in",
    "attributes": "engine's store: attributes read for a condition",
    "standing": "engine's store: people read for a condition",
    "load": "engine's store: whole people read",
    "commit": "engine's store: what comes of it is written, and synced",
}


def of_store(_database: object, work: Callable[..., object], _arguments: object) -> str:
    """The stage of a function that the engine's database runs."""
    return STORE.get(work.__name__, "engine's store: all else")


def lines(cost: float, seconds: Mapping[str, float], count: int, rest: str) -> Iterator[str]:
    """One line a stage, of `count` things that cost `cost` µs each; what is in no stage is the `rest`."""
    shown = {stage: spent / count * 1e6 for stage, spent in seconds.items()}
    between = cost - sum(shown.values())
    for stage, micros in [*sorted(shown.items(), key=lambda each: -each[1]), (rest, between)]:
        yield f"  {micros:6.1f} µs  {stage}"
