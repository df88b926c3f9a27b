"""A flow of ten steps that sends nothing, and people in random order who walk through it on a virtual clock.

A thousand people start in each second, and the clock goes from second to second where somebody waits for it.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from dsl.compile import Compiled
from engine.core.record import What
from engine.run.simulate import VirtualClock
from engine.store.lines import unpack
from virta.bench.result import agreed
from virta.bench.shop import compiled, opened
from virta.wiring import System
from web.api.inbox import NewEvent

FLOW = """
use shop
contact
    city text
    visits number
flow ten
    start on order_placed where total > 0 EUR

    wait 1 hour
    if contact.visits > 3
        wait 1 hour
    wait 1 day
    split way
        50% short
            wait 2 days
        50% long
            wait 3 days
    wait for product_viewed up to 4 days
    wait 1 day at 10:00
    if contact.city is "Riga"
        wait 1 hour
    wait 2 days
    wait 1 hour
    finish as over
"""
MONDAY = 1_772_409_600_000  # 2026-03-02 00:00 UTC, ms
SECOND = 1_000
TOGETHER = 1_000
"""People who start in one second, and events in one call."""
BEGIN = 0.4
"""The part of the work that is done when all sleep, about."""
_WAVES = 9
"""How many steps of the engine it takes to bring those who started together from there to their ends, about:
seven waits, of which two are two for those who were split."""
_LONGEST = 28 * 86_400 * SECOND

Told = Callable[[float, int], None]
"""How far a run is, from 0 to 1, and how many things it has done."""


def project() -> Compiled:
    """The flow, ready to run."""
    return compiled(FLOW)


class Walk:
    """Everybody's way. `clock` stands at `MONDAY` in the beginning; the system is started."""

    def __init__(self, system: System, clock: VirtualClock, people: int) -> None:
        self.system = system
        self.clock = clock
        self.people = people

    async def begin(self, told: Told = lambda done, count: None) -> None:
        """All start, and sleep. `told` hears of journeys, as if each were done at a stroke."""
        ids = self._ids()
        total = {"amount": "20.00", "currency": "EUR"}
        for first in range(0, self.people, TOGETHER):
            now = self.clock()
            orders = [
                NewEvent(f"order-{n}", "order_placed", None, next(ids), now, {"total": total})
                for n in range(first, min(first + TOGETHER, self.people))
            ]
            reasons = await self.system.inbox.accept_events(orders)
            assert not any(reasons), reasons
            await self._settle()
            self.clock.set(now + SECOND)
            done = min(first + TOGETHER, self.people) / self.people * BEGIN
            told(done, int(done * self.people))

    async def look(self, count: int) -> float:
        """So many of them, in random order, look at a product, for which nobody waits yet: seconds of CPU."""
        some = list(islice(self._ids(), 0, self.people, self.people // count))[:count]
        random.Random(count).shuffle(some)
        item: dict[str, object] = {"sku": "SKU-1", "name": "Coffee", "category": "coffee"}
        now, began = self.clock(), time.process_time()
        for first in range(0, count, TOGETHER):
            looks = [
                NewEvent(f"look-{n}", "product_viewed", None, contact, now, item)
                for n, contact in enumerate(some[first : first + TOGETHER], first)
            ]
            reasons = await self.system.inbox.accept_events(looks)
            assert not any(reasons), reasons
            await self._settle()
        return time.process_time() - began

    async def end(self, told: Told = lambda done, count: None) -> None:
        """All go on until they are through."""
        began, steps, expected = self.clock(), 0, _WAVES * -(-self.people // TOGETHER)
        while (due := self.system.runner.next_due) is not None and due < began + _LONGEST:
            self.clock.set(max(due, self.clock() + SECOND))
            steps += await self._settle()
            done = BEGIN + (1 - BEGIN) * min(steps / expected, 1.0)
            told(done, int(done * self.people))

    def _ids(self) -> Iterator[str]:
        """Those of all who start, in their order, the same each time."""
        dice = random.Random(self.people)
        return (f"{dice.getrandbits(128):032x}" for _ in range(self.people))

    async def _settle(self) -> int:
        """How many steps there were to do."""
        steps = 0
        while await self.system.runner.step():
            steps += 1
        return steps


async def started(folder: Path, people: int) -> Walk:
    """A system in `folder`, and the people before it."""
    clock = VirtualClock(MONDAY)
    system = await opened(folder, project(), clock)
    await system.start()
    return Walk(system, clock, people)


def store_of(folder: Path) -> Path:
    """The engine's file."""
    return folder / "data" / "engine.db"


def counted(folder: Path, people: int) -> dict[str, int]:
    """The inbox, the journal and the journeys that stand, of a system that is closed: as many as there were
    people. Raises `CountsDiffer`."""
    with sqlite3.connect(store_of(folder)) as connection:
        (inbox,) = connection.execute("SELECT count(*) FROM inbox WHERE kind = 'order_placed'").fetchone()
        (standing,) = connection.execute("SELECT count(*) FROM journey").fetchone()
        entered = finished = 0
        for (body,) in connection.execute("SELECT body FROM journal"):
            for entry in unpack(body):
                entered += entry.what == What.ENTERED
                finished += entry.what == What.FINISHED
    return agreed(
        {
            "people": people,
            "orders in the inbox": inbox,
            "journeys begun": entered,
            "journeys ended": finished,
            "journeys that stand no more": entered - standing,
        }
    )
