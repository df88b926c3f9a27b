"""A release is brought to everybody page by page, whatever dies in the midst, and each person is met once."""

from collections import Counter

import pytest
from storefront import MONDAY, Opener, Shop

from engine.run import apply
from engine.store.batch import Batch
from engine.store.database import StoreFault
from engine.store.releases import Backfill
from engine.store.store import Store

pytestmark = pytest.mark.anyio
HOUR, DAY = 3_600_000, 86_400_000
PEOPLE = [f"person{number}@example.com" for number in range(7)]
WAY = """
flow way "Way"
    topic news
    start on order_placed

    {steps}
"""


def way(*steps: str) -> str:
    return WAY.format(steps="\n    ".join(steps))


OLD = way("wait 1 day", "send first", "wait 5 days", "send last")
NEW = way("wait 2 days", "send first", "send last")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "_PAGE", 2)


async def carried(shop: Shop) -> Counter[str]:
    """How often each journey was taken over."""
    journal = await shop.system.store.journal()
    return Counter(entry.journey for entry in journal if entry.what == "carried")


async def order(shop: Shop, who: str) -> None:
    """Nobody orders at the same moment as another."""
    shop.clock.set(shop.clock() + 1000)
    await shop.happens("order_placed", who, order_id=who)


async def began(opener: Opener, text: str = OLD) -> None:
    """Seven people order, the last three of them four hours later than the others are through the first
    wait."""
    async with opener(text, MONDAY) as shop:
        for who in PEOPLE:
            await shop.join(who, "news")
        for who in PEOPLE[:4]:
            await order(shop, who)
        await shop.until(MONDAY + DAY + 4 * HOUR)
        for who in PEOPLE[4:]:
            await order(shop, who)


async def test_everybody_is_taken_over_and_comes_to_an_end(opener: Opener) -> None:
    """Those who stood at a wait that is no more get their last mail at once, the others by the new wait."""
    await began(opener)
    async with opener(NEW, MONDAY + DAY + 5 * HOUR, applied=True) as shop:
        before = len(shop.mails())
        await shop.settle()
        assert len(shop.mails()) - before == 4
        assert set((await carried(shop)).values()) == {1}
        assert sum((await carried(shop)).values()) == 7
        await shop.until(MONDAY + 3 * DAY + 5 * HOUR)
        assert (await shop.story("way")).count("finished") == 7
        cursors = await shop.system.store.cursors()
        assert (cursors["carried"], cursors["carried_people"], cursors["carried_journeys"]) == (2, 7, 7)


async def test_each_person_is_counted_once(opener: Opener) -> None:
    """Also whose journeys stand on several pages; who stands in no earlier version is not counted."""
    side_by_side = OLD.replace(
        "start on order_placed", "start on order_placed\n    one journey per trigger.order_id"
    )
    beside = way("wait 9 days", "send third").replace("way", "beside").replace("Way", "Beside")
    beside = beside.replace("order_placed", "cart_updated")
    async with opener(side_by_side + beside, MONDAY) as shop:
        for who in PEOPLE[:4]:
            await shop.join(who, "news")
        for number in range(3):
            for who in PEOPLE[:3]:
                shop.clock.set(shop.clock() + 1000)
                await shop.happens("order_placed", who, order_id=f"{number}")
        await shop.happens("cart_updated", PEOPLE[3])
    longer = side_by_side.replace("wait 1 day", "wait 2 days")
    async with opener(longer + beside, MONDAY + HOUR, applied=True) as shop:
        await shop.settle()
        assert sum((await carried(shop)).values()) == 9
        cursors = await shop.system.store.cursors()
        assert (cursors["carried_people"], cursors["carried_journeys"]) == (3, 10)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("point", range(5))
async def test_a_death_in_the_midst_leaves_nobody_out_and_moves_nobody_twice(
    point: int, committed: bool, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or behind each commit of a page: the next life goes on where the last one was."""
    await began(opener)
    now = MONDAY + DAY + 5 * HOUR
    commit, seen = Store.commit, 0

    async def dying(store: Store, batch: Batch) -> None:
        nonlocal seen
        seen += 1
        if seen > point and not committed:
            raise StoreFault("the machine went away")
        await commit(store, batch)
        if seen > point:
            raise StoreFault("the machine went away")

    with monkeypatch.context() as patched:
        async with opener(NEW, now, applied=True) as shop:
            patched.setattr(Store, "commit", dying)
            with pytest.raises(StoreFault):
                await shop.settle()
    async with opener(NEW, now + 1) as shop:
        await shop.settle()
        moved = await carried(shop)
        assert (len(moved), set(moved.values())) == (7, {1})
        await shop.until(MONDAY + 3 * DAY + 5 * HOUR)
        assert (await shop.story("way")).count("finished") == 7
        by_template = Counter(
            entry.step for entry in await shop.system.store.journal() if entry.what == "sent"
        )
        assert by_template == {"first": 7, "last": 7}


async def test_a_release_that_overtakes_another_finds_everybody(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some are in the second version by then, some still in the first: all come to the third."""
    await began(opener)
    now = MONDAY + DAY + 5 * HOUR
    second = way("wait 2 days", "send first", "wait 6 days", "send last")
    async with opener(second, now, applied=True) as shop:
        assert await shop.system.runner.step()
    third = way("wait 2 days", "send first", "wait 7 days", "send last")
    async with opener(third, now + 1, applied=True) as shop:
        await shop.settle()
        (newest,) = {graph.digest for graph in shop.system.release.content.program.flows}  # type: ignore[union-attr]
        people = await shop.system.store.load(await shop.system.store.contacts("0" * 32, 100))
        assert {journey.graph for bundle in people.values() for journey in bundle.journeys} == {newest}
        await shop.until(MONDAY + 11 * DAY)
        assert (await shop.story("way")).count("finished") == 7


async def test_a_start_with_other_flows_takes_nobody_over(opener: Opener) -> None:
    """Only what was applied does."""
    await began(opener)
    async with opener(NEW, MONDAY + DAY + 5 * HOUR) as shop:
        await shop.settle()
        assert await carried(shop) == {}
        await shop.until(MONDAY + 9 * DAY)
        assert (await shop.story("way")).count("finished") == 7


async def test_people_who_sleep_are_not_held_in_memory(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than a page of them is loaded at once, beside those to whom something happens meanwhile."""
    await began(opener)
    largest = 0
    load = Store.load

    async def counting(store: Store, contacts: list[str]) -> object:
        nonlocal largest
        largest = max(largest, len(contacts))
        return await load(store, contacts)

    async with opener(NEW, MONDAY + DAY + 5 * HOUR, applied=True) as shop:
        monkeypatch.setattr(Store, "load", counting)
        await shop.settle()
        assert 2 <= largest <= 4


# ------------------------------------------------------------------ for the past

BACK = (
    OLD
    + """
segment buyers "Buyers"
    count of order_placed >= 1
flow back "Back"
    topic news
    start on joining segment buyers

    wait 1 hour
    send again
flow thanks "Thanks"
    topic orders
    start on order_placed
    one journey per trigger.order_id

    send thank_you
"""
)


async def test_a_new_flow_does_not_start_for_the_past_by_itself(opener: Opener) -> None:
    """Neither for members of its segment, nor for an event of yesterday."""
    await began(opener)
    async with opener(BACK, MONDAY + DAY + 5 * HOUR, applied=True) as shop:
        await shop.until(MONDAY + 2 * DAY)
        assert await shop.story("back") == []
        assert await shop.story("thanks") == []


@pytest.mark.parametrize("point", [None, 0, 1, 3, 5, 8])
async def test_a_flow_starts_for_the_past_once_for_each(
    point: int | None, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where that is asked for: for members, and for whoever had the event since then; also over a death."""
    await began(opener)
    now = MONDAY + DAY + 5 * HOUR
    asked = (Backfill("back"), Backfill("thanks", MONDAY + DAY))
    commit, seen = Store.commit, 0

    async def dying(store: Store, batch: Batch) -> None:
        nonlocal seen
        seen += 1
        await commit(store, batch)
        if point is not None and seen > point:
            raise StoreFault("the machine went away")

    with monkeypatch.context() as patched:
        async with opener(BACK, now, applied=True, backfills=asked) as shop:
            patched.setattr(Store, "commit", dying)
            if point is None:
                await shop.settle()
            else:
                with pytest.raises(StoreFault):
                    await shop.settle()
    async with opener(BACK, now + 1) as shop:
        await shop.until(now + 2 * HOUR)
        assert (await shop.story("back")).count("sent again") == 7
        assert (await shop.story("thanks")).count("sent thank_you") == 3
        assert (await shop.system.store.cursors())["backfilled"] == 2
    async with opener(BACK + "# a remark\n", now + DAY, applied=True) as shop:
        await shop.settle()
        assert (await shop.story("thanks")).count("sent thank_you") == 3
