"""Somebody who is erased while the engine brings a release to everybody does not come back."""

from typing import Any

import pytest
from storefront import MONDAY, Opener, Shop

from engine.core.bundle import Backfilled, Stimulus
from engine.run import apply
from engine.store.releases import Backfill

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
OLD = """
flow other "Other"
    start by request

    wait 1 day
"""
NEW = (
    OLD
    + """
flow thanks "Thanks"
    topic orders
    start on order_placed
    one journey per trigger.order_id

    wait 2 days
    send thank_you
"""
)
ASKED = (Backfill("thanks", MONDAY - 1),)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "_PAGE", 1)


async def bought(opener: Opener) -> list[str]:
    """Four people buy something; their ids, in the order in which the past is gone through."""
    people = []
    async with opener(OLD) as shop:
        for number in range(4):
            email = f"person{number}@example.com"
            people.append(await shop.join(email, "news"))
            shop.clock.set(shop.clock() + 1)
            await shop.happens("order_placed", email, order_id=str(number))
    return sorted(people)


async def left_of(shop: Shop, contact: str) -> tuple[int, int, int]:
    """When their row was made, how many journeys they are in, and how many lines the journal has of them."""
    store = shop.system.store
    bundle = (await store.load([contact]))[contact]
    lines = [entry for entry in await store.journal() if entry.contact == contact]
    return bundle.created, len(bundle.journeys), len(lines)


async def test_who_is_erased_between_two_pages_is_started_in_no_flow(opener: Opener) -> None:
    """All four were read at once; the last of them is erased when the first has started. The others start."""
    last = (await bought(opener))[-1]
    async with opener(NEW, MONDAY + HOUR, applied=True, backfills=ASKED) as shop:
        runner = shop.system.runner
        while not await shop.story("thanks"):
            await runner.step()
        await runner.erasing.erase(last)
        await shop.settle()
        assert last in runner.erasing.people
        assert await left_of(shop, last) == (0, 0, 0)
        assert (await shop.story("thanks")).count("entered") == 3


async def test_who_is_erased_is_not_held_in_memory(opener: Opener) -> None:
    """What they did is gone from the pages that were read ahead, too."""
    last = (await bought(opener))[-1]
    applying = apply.Applying(None)
    async with opener(NEW, MONDAY + HOUR) as shop:
        applying._past = list(await shop.system.store.past(["order_placed"], MONDAY - 1, "0" * 32))
        assert last in {contact for contact, _ in applying._past}
        applying.drop({last})
        assert len(applying._past) == 3
        assert last not in {contact for contact, _ in applying._past}


async def test_a_page_that_was_read_just_before_an_erasure_makes_nobody_anew(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever hands the engine people: those who were erased are dropped."""
    first, *_, last = await bought(opener)
    async with opener(NEW, MONDAY + HOUR) as shop:
        await shop.system.runner.erasing.erase(last)
        await shop.settle()
        past = Backfilled("thanks", (("order_placed", {"order_id": "9", "at": MONDAY}),))
        reading = apply.Applying.next

        async def late(applying: apply.Applying, *given: Any) -> list[Stimulus]:
            told = [Stimulus(f"late-{one}", one, MONDAY + HOUR, past) for one in (first, last)]
            return [*await reading(applying, *given), *told]

        monkeypatch.setattr(apply.Applying, "next", late)
        await shop.happens("order_placed", "person9@example.com", order_id="10")
        assert (await left_of(shop, first))[1] == 1
        assert await left_of(shop, last) == (0, 0, 0)
