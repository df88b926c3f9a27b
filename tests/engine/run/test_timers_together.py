"""A timer that comes together with something else of the same person is not worked on alone: each of these
stories is the same where everybody is looked at whole."""

from collections.abc import Sequence
from typing import Any

import pytest
from storefront import MONDAY, Opener, Shop
from test_strides_taken import happens

from engine.core.bundle import replace
from engine.run import runner, sweep
from engine.store.batch import Batch
from engine.store.due import Due
from engine.store.store import Store

pytestmark = pytest.mark.anyio
HOUR, DAY = 3_600_000, 86_400_000
ANNA, BERT, CITA = (f"{number:032x}" for number in (1, 2, 3))


@pytest.fixture(autouse=True, params=["alone", "whole"])
def _how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers are worked on as they can be, or all of them with all that is known of their people."""

    async def whole(_store: Store, _loaded: Any, due: Sequence[Due], *_: Any) -> list[Due]:
        return list(due)

    if request.param == "whole":
        monkeypatch.setattr(runner, "stride", whole)


async def down_until(shop: Shop, moment: int) -> None:
    """Nothing is worked on until then, and all that has come due by then is, at once."""
    shop.clock.set(moment)
    await shop.settle()


async def story(shop: Shop, contact: str, flow: str) -> list[str]:
    """The journal of somebody in a flow, as `what step reason`."""
    return [
        " ".join(word for word in (entry.what, entry.step, entry.reason) if word)
        for entry in await shop.system.store.journal()
        if (entry.contact, entry.flow) == (contact, flow)
    ]


async def test_an_event_comes_before_the_timer_that_is_due_with_it(opener: Opener) -> None:
    """Whoever leaves by it does not go on first."""
    flow = """
flow hello "Hello"
    start on order_placed
    leave on cart_updated

    wait 1 day
    wait 1 day
"""
    async with opener(flow) as shop:
        await happens(shop, "order_placed", ANNA, order_id="1")
        await shop.settle()
        shop.clock.set(MONDAY + DAY)
        await happens(shop, "cart_updated", ANNA)
        await shop.settle()
        assert await story(shop, ANNA, "hello") == ["entered", "waits wait_1", "left cart_updated"]


async def test_what_one_timer_does_is_known_to_the_other(opener: Opener) -> None:
    """A flow that has ended can be started again by the timer behind it."""
    flows = """
flow calm "Calm"
    start on order_placed
    start by request
    enter every time

    wait 1 day

flow again "Again"
    start on order_placed

    wait 25 hours
    start flow calm
"""
    async with opener(flows) as shop:
        await happens(shop, "order_placed", ANNA, order_id="1")
        await shop.settle()
        await down_until(shop, MONDAY + 2 * DAY)
        assert await story(shop, ANNA, "calm") == [
            "entered",
            "waits wait_1",
            "finished",
            "entered",
            "waits wait_1",
        ]


RECENT = """
segment recent "Recent"
    any cart_updated in last 5 days

flow orders "Orders"
    start on order_placed

    wait 3 days
    if in segment recent
        finish as fresh
    finish as stale
"""


async def test_time_changes_a_person_before_the_timer_that_is_due_with_it(opener: Opener) -> None:
    """Whoever has left a segment meanwhile is not in it, though the timer is the older of the two."""
    async with opener(RECENT) as shop:
        await happens(shop, "cart_updated", ANNA)
        await happens(shop, "order_placed", ANNA, order_id="1")
        await shop.settle()
        await down_until(shop, MONDAY + 6 * DAY)
        assert (await story(shop, ANNA, "orders"))[-1] == "finished stale"


async def test_time_changes_a_person_whose_moment_lies_behind_the_batch(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timers of others come before it."""
    monkeypatch.setattr(runner, "LARGEST_BATCH", 2)
    async with opener(RECENT) as shop:
        await happens(shop, "cart_updated", ANNA)
        await shop.settle()
        for contact in (ANNA, BERT):
            await happens(shop, "order_placed", contact, order_id=contact)
        await shop.settle()
        await down_until(shop, MONDAY + 6 * DAY)
        assert (await story(shop, ANNA, "orders"))[-1] == "finished stale"


async def test_time_changes_a_person_whose_moment_was_not_read(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many others have one before it that a batch holds no more."""
    monkeypatch.setattr(runner, "LARGEST_BATCH", 2)
    async with opener(RECENT) as shop:
        for contact in (BERT, CITA):
            await happens(shop, "cart_updated", contact)
        await shop.settle()
        shop.clock.set(MONDAY + HOUR)
        await happens(shop, "cart_updated", ANNA)
        await shop.settle()
        await happens(shop, "order_placed", ANNA, order_id="1")
        await shop.settle()
        await down_until(shop, MONDAY + 6 * DAY)
        assert (await story(shop, ANNA, "orders"))[-1] == "finished stale"


async def test_a_wait_behind_a_mail_that_has_not_gone_is_not_over(opener: Opener) -> None:
    """It counts from when the mail was handed over."""
    flow = """
flow hello "Hello"
    topic news
    start on order_placed

    send greeting
    wait 1 day
    wait 1 day
"""
    async with opener(flow) as shop:
        anna = await shop.join("anna@example.com", "news")
        await happens(shop, "order_placed", anna, order_id="1")
        await worked_on(shop)
        shop.clock.set(MONDAY + DAY)
        await worked_on(shop)
        assert (await story(shop, anna, "hello"))[-1] == "waits wait_1"
        await shop.settle()
        assert (await story(shop, anna, "hello"))[-2:] == ["sent greeting", "wait_moved wait_1 mail_late"]


async def worked_on(shop: Shop) -> None:
    """What the engine itself can do now; no mail goes."""
    while await shop.system.runner.step():
        pass


async def test_nobody_goes_on_by_segments_that_were_edited(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timer that is due while people are looked at anew, one by one, comes behind that."""
    monkeypatch.setattr(sweep, "_PAGE", 1)
    flow = """
segment regulars "Regulars"
    contact.visits > {visits}

flow orders "Orders"
    start on order_placed

    set contact.visits to 3
    wait 3 days
    if in segment regulars
        finish as regular
    finish as stranger
"""
    async with opener(flow.format(visits=1)) as shop:
        for contact in (ANNA, BERT, CITA):
            await happens(shop, "order_placed", contact, order_id=contact)
        await shop.settle()
    async with opener(flow.format(visits=5), MONDAY + 3 * DAY) as shop:
        await shop.settle()
        for contact in (ANNA, BERT, CITA):
            assert (await story(shop, contact, "orders"))[-1] == "finished stranger"


async def test_nobody_goes_on_by_a_history_that_is_not_whole(opener: Opener) -> None:
    """What an earlier version did not remember of a person is read again before a condition asks for it."""
    flow = """
flow orders "Orders"
    start on order_placed

    wait 3 days
    if any cart_updated in last 5 days
        finish as fresh
    finish as stale
"""
    async with opener(flow) as shop:
        await happens(shop, "cart_updated", ANNA)
        await happens(shop, "order_placed", ANNA, order_id="1")
        await shop.settle()
        store = shop.system.store
        known = (await store.load([ANNA]))[ANNA]
        await store.commit(Batch(profiles=[replace(known, windows={}, kept_by="")]))
        await down_until(shop, MONDAY + 3 * DAY)
        assert (await story(shop, ANNA, "orders"))[-1] == "finished fresh"
