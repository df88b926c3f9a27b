"""The raw events of one contact, how long they are kept, and since when there are any."""

import pytest

from engine.core.asked import Asked
from engine.core.bundle import Effect, EventBody
from engine.run.retention import forget_old_events
from engine.store import raw
from engine.store.arrivals import INBOX, Received
from engine.store.batch import Batch
from engine.store.handed import Handed
from engine.store.store import Store

pytestmark = pytest.mark.anyio
ANNA, BERT = "a" * 32, "b" * 32
DAY = 86_400_000
NOW = 1_772_434_800_000  # 2 March 2026


def order(id_: str, at: int, contact: str = ANNA, received: int = 0) -> Received:
    return Received(id_, "order_placed", at, received or at, contact, "", {"order_id": id_})


async def test_the_events_of_one_contact_are_those_that_were_worked_on(store: Store) -> None:
    """What waits in the inbox will be heard; what a flow emitted was heard when it was written."""
    await store.accept([order("1", 10), order("2", 20, BERT), order("3", 5, received=30), order("4", 40)])
    body = EventBody("alpha", "0" * 32, "emit_1", 25, "vip_made", {})
    await store.commit(Batch(emitted=[Effect("e" * 32, ANNA, "event", body)], cursors={INBOX: 3}))
    (events,) = await store.raw_events([(ANNA, ["order_placed"])], 3)
    assert [(one.id, one.at, one.heard) for one in events] == [
        ("1", 10, 10),
        ("3", 5, 30),
        ("e" * 32, 25, 25),
    ]
    assert [one.data for one in events] == [{"order_id": "1"}, {"order_id": "3"}, {}]


async def test_mails_that_were_handed_over_are_among_them_if_asked_for(store: Store) -> None:
    """They stand in a table of their own."""
    mails = [Handed(key * 32, ANNA, at, "alpha", "hello", "hi", "news") for key, at in (("2", 20), ("1", 10))]
    await store.commit(Batch(handed=[*mails, Handed("3" * 32, BERT, 5, "alpha", "hello", "hi", "news")]))
    (events,) = await store.raw_events([(ANNA, ["email_sent"])], 0)
    names = {"flow": "alpha", "step": "hello", "template": "hi", "topic": "news"}
    assert [(one.id, one.at, one.data) for one in events] == [("1" * 32, 10, names), ("2" * 32, 20, names)]
    assert await store.raw_events([(ANNA, [])], 0) == [[]]


async def test_what_programs_asked_is_remembered_once(store: Store) -> None:
    """By its digest; an earlier one stays."""
    one, other = Asked(()), Asked((), recommends=True)
    by, otherwise = {"vip": "1"}, {"vip": "2"}
    assert await store.keep_asked(one, "a", by) == ({one.digest: one}, {"a": by})
    both = {one.digest: one, other.digest: other}, {"a": by, "b": otherwise}
    assert await store.keep_asked(other, "b", otherwise) == await store.keep_asked(one, "a", by) == both


async def test_events_are_forgotten_when_their_months_are_over(store: Store) -> None:
    """By when they came in: one of long ago that came lately is kept as long as others. In parts, and never
    the newest, nor one that waits."""
    old, young = NOW - 800 * DAY, NOW - 700 * DAY
    await store.accept([order(str(n), old + n) for n in range(5)])
    await store.accept([order("late", old, received=young), order("young", young)])
    await store.commit(Batch(cursors={INBOX: 3}))
    await store.forget_events(NOW - 750 * DAY, part=2)
    assert [one.id for one in await store.history()] == ["late", "3", "4", "young"]
    await store.commit(Batch(cursors={INBOX: 7}))
    await forget_old_events(store, NOW, months=25)
    assert [one.id for one in await store.history()] == ["late", "young"]
    await forget_old_events(store, NOW + 9999 * DAY, months=25)
    assert [one.id for one in await store.history()] == ["young"]


async def test_a_view_that_was_emptied_keeps_its_id_as_long_as_its_neighbours(store: Store) -> None:
    """Else sending it again would count."""
    view = Received("v", "product_viewed", NOW, NOW, ANNA, "", {"sku": "s"})
    await store.accept([order("0", NOW - 800 * DAY), view, order("1", NOW)])
    await store.commit(Batch(emptied=[2], cursors={INBOX: 3}))
    await forget_old_events(store, NOW, months=25)
    await store.accept([view])
    assert [one.id for one in await store.history()] == ["1"]


async def test_the_first_record_of_an_event_is_known(store: Store) -> None:
    """Of those that were ever told."""
    await store.accept([order("1", 10), order("2", 20)])
    await store.commit(Batch(handed=[Handed("1" * 32, ANNA, 7, "alpha", "hello", "hi", "news")]))
    found = await store._database.run(raw.first, ["order_placed", "cart_updated", "email_sent"])
    assert found == {"order_placed": 10, "email_sent": 7}
