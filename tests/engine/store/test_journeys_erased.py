"""An erasure goes to the rows of the person, and searches all rows only where her own cannot be read."""

from typing import Any

import pytest
from person import ANNA
from sqlalchemy import event, update
from standing import journey

from engine.core.bundle import Bundle
from engine.store import erased
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.statement import driver_of
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BERT = "b" * 32
TABLES = (t.contact, t.journey, t.timer, t.watch)


async def keep(store: Store, contact: str, *ids: str) -> None:
    """Somebody who is in these journeys, and is watched."""
    new = Bundle(contact, created=5, watch=70, journeys=tuple(journey(id_, 50, contact) for id_ in ids))
    batch = Batch()
    batch.change(Bundle(contact), new)
    await store.commit(batch)


async def counts(store: Store) -> list[int]:
    """How many rows each table has."""

    def count(connection: Any) -> list[int]:
        return [len(connection.execute(table.select()).all()) for table in TABLES]

    return await store._database.run(count)


async def test_all_journeys_go_with_their_timers(kept: Store) -> None:
    """Those of others stay."""
    await keep(kept, ANNA, "1" * 32, "2" * 32)
    await keep(kept, BERT, "3" * 32)
    assert await counts(kept) == [2, 3, 3, 2]
    await kept.forgetting.forget([ANNA])
    assert await counts(kept) == [1, 1, 1, 1]
    assert [one.contact for one in (await kept.gather(0, 99, 9))[1]] == [BERT, BERT]


async def test_a_slot_that_is_anothers_by_now_is_left_alone(kept: Store) -> None:
    """Her own row still tells of it; a journey's end does not write it anew."""
    await keep(kept, ANNA, "1" * 32)
    (known,) = (await kept.load([ANNA]))[ANNA].journeys
    await kept.commit(Batch(journeys_gone=[known]))
    await kept.commit(Batch(journeys_put=[journey("3" * 32, 50, BERT)]))

    def move(connection: Any) -> None:
        connection.execute(update(t.journey).values(slot=1))
        connection.execute(update(t.timer).values(slot=1))

    await kept._database.run(move)
    await kept.forgetting.forget([ANNA])
    assert await counts(kept) == [0, 1, 1, 0]


async def test_who_cannot_be_read_is_erased_all_the_same(kept: Store) -> None:
    """By a search through all rows."""
    await keep(kept, ANNA, "1" * 32, "2" * 32)
    await keep(kept, BERT, "3" * 32)

    def spoil(connection: Any) -> None:
        hers = t.contact.c.id == bytes.fromhex(ANNA)
        connection.execute(update(t.contact).where(hers).values(body=b"spoilt"))

    await kept._database.run(spoil)
    await kept.forgetting.forget([ANNA])
    assert await counts(kept) == [1, 1, 1, 1]


async def test_an_erasure_does_not_read_all_journeys() -> None:
    """It goes to journeys, timers and what watches by their keys, however many there are of others."""
    store = Store(None, durable=False)
    await keep(store, ANNA, "1" * 32, "2" * 32)

    def plans(connection: Any) -> list[str]:
        told: list[str] = []
        driver = driver_of(connection)

        def explain(_: Any, __: Any, sql: str, given: Any, *rest: Any) -> None:
            if sql.startswith(("DELETE FROM journey", "DELETE FROM timer", "DELETE FROM watch")):
                told.extend(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall())

        event.listen(connection, "before_cursor_execute", explain)
        erased.forget(connection, [ANNA])
        event.remove(connection, "before_cursor_execute", explain)
        return told

    told = await store._database.run(plans)
    store.close()
    assert [step for step in told if step.startswith("SEARCH")]
    assert not [step for step in told if step.startswith("SCAN")], told
