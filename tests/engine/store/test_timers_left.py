"""A timer that was left behind is nobody's: whoever stands in its slot by now has a deadline of their own."""

import sqlite3
from typing import Any

import pytest
from person import ANNA
from standing import journey

from engine.core.bundle import replace
from engine.store import due, timers
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.server import Place
from engine.store.statement import Statement, driver_of
from engine.store.store import Store

pytestmark = pytest.mark.anyio
WHOSE = "1" * 32


async def leave(store: Store, *left: tuple[int, int]) -> None:
    """Put timers, each a moment and a slot, that belong to no journey."""
    await store._database.run(lambda connection: timers.arm(driver_of(connection), left))


async def every(store: Store) -> list[tuple[int, int]]:
    """All timers, in order."""
    return await store._database.run(lambda connection: _EVERY.rows(driver_of(connection)))


async def test_a_timer_that_was_left_is_no_deadline(kept: Store) -> None:
    """Neither one of before nor one of after the deadline of who stands there, and nothing wakes for it."""
    await kept.commit(Batch(journeys_put=[journey(WHOSE, 50)]))
    await leave(kept, (10, 1), (70, 1), (20, 9))
    assert await kept.gather(0, 49, 9) == ([], [], 50)
    _, found, _ = await kept.gather(0, 99, 9)
    assert [(one.due, one.journey) for one in found] == [(50, WHOSE)]


async def test_many_that_were_left_hide_nobody(kept: Store) -> None:
    """However few deadlines are asked for at once."""
    await kept.commit(Batch(journeys_put=[journey(WHOSE, 50)]))
    await leave(kept, *((moment, 1) for moment in range(20)))
    assert [one.due for one in (await kept.gather(0, 99, 1))[1]] == [50]


async def test_who_takes_a_slot_finds_no_timer_there(place: Place) -> None:
    """One that lay there at the very same moment would stop them from being written."""
    first = Store(place, durable=False)
    gone = journey(WHOSE, 50)
    await first.commit(Batch(journeys_put=[gone]))
    await first.commit(Batch(journeys_gone=[replace(gone, slot=1)]))
    await leave(first, (50, 1), (60, 1), (60, 2))
    first.close()
    second = Store(place, durable=False)
    await second.commit(Batch(cursors={"inbox": 1}))
    assert len(await every(second)) == 3, "nobody takes a slot yet"
    await second.commit(Batch(journeys_put=[journey("2" * 32, 50, ANNA)]))
    assert await every(second) == [(50, 1)]
    second.close()


@pytest.mark.parametrize(("asked", "given"), [("_TIMERS", (4000, 2)), ("_NEXT_TIMER", ())])
async def test_deadlines_are_read_in_their_order(kept: Store, asked: str, given: tuple[int, ...]) -> None:
    """Nothing is sorted, and the reading ends with as many as are asked for, on a server of many too."""
    statement: Statement = getattr(due, asked)
    many = [journey(f"{number:032x}", number) for number in range(1, 4001)]
    await kept.commit(Batch(journeys_put=many))

    def plan(connection: Any) -> str:
        driver = driver_of(connection)
        sql, behind = statement._words(driver)
        file = isinstance(driver, sqlite3.Connection)
        for table in () if file else ("journey", "timer"):
            driver.execute(f"ANALYZE {table}")
        word = "EXPLAIN QUERY PLAN" if file else "EXPLAIN"
        found = driver.execute(f"{word} {sql}", given + behind).fetchall()
        return "\n".join(str(row) for row in found).upper()

    told = await kept._database.run(plan)
    assert "JOURNEY" in told
    assert "SORT" not in told, told
    assert "TEMP B-TREE" not in told, told


_EVERY = Statement(t.timer.select().order_by(t.timer.c.due, t.timer.c.slot))
