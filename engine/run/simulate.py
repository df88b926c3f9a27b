"""The engine on a virtual clock: the same core, the same consent service, the same way of a mail."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

from msgspec import Struct

from engine.calls.caller import Caller
from engine.core.calendar import NEVER
from engine.delivery.dispatch import Dispatch
from engine.delivery.proofs import Proofs
from engine.delivery.queue import Queue
from engine.run.runner import Runner


class VirtualClock:
    """Stands still until it is set. Instants are ms UTC."""

    def __init__(self, start: int) -> None:
        self._now = start

    def __call__(self) -> int:
        return self._now

    def set(self, moment: int) -> None:
        """Go forward; a moment in the past changes nothing."""
        self._now = max(self._now, moment)


Doing: TypeAlias = Callable[[], Awaitable[None]]


class Act(Struct, frozen=True):
    """Something that somebody does at a moment (ms UTC)."""

    at: int
    perform: Doing


class Simulation(Struct, frozen=True):
    """The parts that a simulation drives; each has `clock` as its clock."""

    clock: VirtualClock
    queue: Queue
    dispatch: Dispatch
    proofs: Proofs
    runner: Runner
    caller: Caller

    async def play(self, acts: Iterator[Act], until: int, passed: Callable[[int], None]) -> None:
        """Let time run from moment to moment up to `until`. At each, people act, then everything that follows
        is done, mails handed over included, before the clock moves on. `acts` come in order of time;
        `passed` is told each moment."""
        upcoming = next(acts, None)
        await self.settle()
        while True:
            moment = self._next(upcoming)
            if moment is None or moment > until:
                return
            self.clock.set(moment)
            acted = upcoming is not None and upcoming.at <= moment
            while upcoming is not None and upcoming.at <= moment:
                await upcoming.perform()
                upcoming = next(acts, None)
            if acted:  # only people's own acts ask for proof mails
                await self.proofs.fetch()
            await self.settle()
            passed(moment)

    async def settle(self) -> None:
        """Do all that can be done at this moment."""
        while True:
            await self.dispatch.drain()
            await self.caller.drain()
            if not await self.runner.step():
                return

    def _next(self, upcoming: Act | None) -> int | None:
        due = self.runner.next_due
        moments = [
            moment
            for moment in (
                upcoming.at if upcoming is not None else None,
                due if due is None or due < NEVER else None,
                self.queue.next_due(),
                self.caller.next_due(),
            )
            if moment is not None
        ]
        return min(moments, default=None)
