"""How far long work has come: a bar with rate and time left on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_LINES = 10
"""How many lines tell of the way where there is no terminal, at least."""
_FIRST, _PAUSE = 3.0, 10.0
"""After how many seconds the first of them comes, and how long it is silent after it, at most."""
_SHORT = 1.0
"""Of what lasts no longer nothing is told."""


class Bar:
    """Use it in a `with`. `total` is in any unit; `what` names the things that are counted on the way, `now`
    gives seconds. `before` is what was done and counted before anybody looked: the rate leaves it out.

    It writes to standard error, so that the result on standard output stays clean.
    """

    def __init__(
        self,
        title: str,
        total: float,
        what: str,
        now: Callable[[], float] = time.monotonic,
        before: tuple[float, int] = (0.0, 0),
    ) -> None:
        self._title, self._total, self._what = title, max(total, 1.0), what
        self._before = before
        self._terminal = sys.stderr.isatty()
        self._now = now
        self._began = now()
        self._told = 0  # tenths of the way
        self._next = self._began + _FIRST
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not self._terminal,
        )
        self._task = self._progress.add_task(title, total=self._total, told="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def at(self, done: float, count: int) -> None:
        """`done` of the total is behind us, with `count` things counted."""
        moment = self._now()
        seconds = max(moment - self._began, 0.001)
        done_before, counted_before = self._before
        told = f"{count:,} {self._what}, {(count - counted_before) / seconds:,.0f}/s"
        self._progress.update(self._task, completed=done, told=told)
        step = int(done / self._total * _LINES)
        due = seconds >= _SHORT and (step > self._told or moment >= self._next)
        if not self._terminal and done > done_before and due:
            self._told, self._next = step, moment + _PAUSE
            left = seconds / (done - done_before) * (self._total - done)
            print(
                f"{self._title}: {100 * done / self._total:3.0f} %, {told}, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
