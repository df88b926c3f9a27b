"""The inbox: how far it was worked on, and what flows put into it themselves."""

import pytest

from engine.core.bundle import Effect, EventBody
from engine.store.arrivals import INBOX, Received
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
ANNA = "a" * 32


def emitted(key: str) -> Effect:
    return Effect(key * 32, ANNA, "event", EventBody("alpha", "0" * 32, "emit_1", 5, "vip_made", {}))


async def kinds_behind(store: Store, cursor: int) -> list[str]:
    received, *_ = await store.gather(cursor, 0, 10)
    return [one.kind for one in received]


async def test_what_a_batch_emits_is_behind_it_where_nothing_else_waits(store: Store) -> None:
    """It has been worked on, so nobody reads it again."""
    await store.accept([Received("o1", "order_placed", 1, 1, ANNA, "", {})])
    batch = Batch(emitted=[emitted("1"), emitted("2")], inbox=1, cursors={INBOX: 1})
    await store.commit(batch)
    assert await store.cursors() == batch.cursors == {INBOX: 3}
    assert await kinds_behind(store, 3) == []
    assert [one.kind for one in await store.history()] == ["order_placed", "vip_made", "vip_made"]


async def test_what_came_in_meanwhile_is_not_passed_over(store: Store) -> None:
    """An event that was accepted while the batch was made stands before what the batch emits."""
    await store.accept([Received("o1", "order_placed", 1, 1, ANNA, "", {})])
    await store.accept([Received("o2", "order_placed", 2, 2, ANNA, "", {})])
    batch = Batch(emitted=[emitted("1")], inbox=1, cursors={INBOX: 1})
    await store.commit(batch)
    assert await store.cursors() == {INBOX: 1}
    assert await kinds_behind(store, 1) == ["order_placed", "vip_made"]


async def test_where_somebody_still_has_to_look_at_it_nothing_is_passed_over(store: Store) -> None:
    """What is recommended is learned from emitted events, too."""
    batch = Batch(emitted=[emitted("1")])
    await store.commit(batch)
    assert await store.cursors() == {}
    assert await kinds_behind(store, 0) == ["vip_made"]


async def test_many_rows_come_in_as_they_are_in_order(store: Store) -> None:
    """However many statements it takes; what is known stays as it was, also if it came in the same call."""
    first = [
        Received(
            f"e{n}" if n % 3 else "", "x" if n % 3 else "", n, 900 + n, ANNA if n % 2 else "", "", {"n": n}
        )
        for n in range(173)
    ]
    again = [Received("e1", "y", 1, 1, "", "", {}), *first[1:3], Received("late", "x", 1, 1, "", "", {})]
    await store.accept([*first, *again])
    await store.accept(again * 40)
    found, *_ = await store.gather(0, 0, 1000)
    assert [one.seq for one in found] == sorted(one.seq for one in found)
    named = [one.id if one.kind else "" for one in found]
    assert named == [one.id for one in first] + ["late"]
    assert [(one.kind, one.at, one.received, one.contact, one.data) for one in found[:-1]] == [
        (one.kind, one.at, one.received, one.contact, one.data) for one in first
    ]
