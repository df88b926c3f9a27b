"""Whether timers are worked on alone or with all that is known of their people, the same comes of it."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from pathlib import Path

import pytest
from handed_in import Event
from storefront import MONDAY, Shop, open_shop

from engine.core.bundle import Bundle, Entry, replace
from engine.core.loaded import Loaded
from engine.insight.records import open_records
from engine.run import runner
from engine.run.strides import stride
from engine.store.batch import Batch
from engine.store.store import Due, Store
from virta.mailbox.running import Running

FLOW = """
segment recent "Recent"
    any cart_updated in last 5 days

flow ten "Ten"
    start on order_placed
    one journey per trigger.order_id

    wait 1 hour
    split way
        50% short
            wait 2 days
        50% long
            wait 3 days
    repeat up to 2 times
        wait 5 hours
    wait for product_viewed up to 4 days
    wait 1 day at 10:00
    if contact.city is "Riga"
        wait 1 hour
    wait 2 days

flow away "Away"
    start on order_placed
    leave when contact.city is "Paris"

    wait 1 day
    wait until contact.city is "Riga" up to 6 days

flow carts "Carts"
    start on joining segment recent
    leave when not in segment recent

    wait 3 days
    wait 3 days
"""
HOUR = 3_600_000
PEOPLE = [f"{number:032x}" for number in range(1, 25)]


async def lived(shop: Shop, folder: Path) -> tuple[list[Entry], list[Bundle]]:
    """Orders and carts over some hours, and twelve days; the journal, and everybody half-way."""
    for number, contact in enumerate(PEOPLE):
        shop.clock.set(MONDAY + number // 6 * HOUR)
        await happens(shop, "order_placed", contact, order_id=str(number))
        if number % 3 == 0:
            await happens(shop, "cart_updated", contact)
        if number % 5 == 0:
            await happens(shop, "order_placed", contact, order_id=f"again-{number}")
        if number % 6 == 5:
            await shop.settle()
    await shop.until(MONDAY + 73 * HOUR - 1)
    for number, contact in enumerate(PEOPLE[::2]):
        shop.clock.set(shop.clock() + HOUR)  # together with what is due in that hour
        await happens(shop, "product_viewed", contact, sku=str(number))
        await shop.settle()
    await shop.until(MONDAY + 6 * 24 * HOUR)
    with open_records(folder / "engine.db") as records:
        half_way = [placeless(records.bundle(contact)) for contact in PEOPLE]
    await shop.until(MONDAY + 14 * 24 * HOUR)
    return await shop.system.store.journal(), half_way


async def happens(shop: Shop, event: str, contact: str, **data: object) -> None:
    """Something happens to a person of whom only the id is known."""
    now = shop.clock()
    told = Event(f"{event}-{contact}-{now}-{data}", event, None, now, data, contact)
    assert await shop.system.inbox.accept_events([told]) == [None]


def placeless(bundle: Bundle) -> Bundle:
    """Without the slots that the store gave to journeys."""
    return replace(bundle, journeys=tuple(replace(journey, slot=0) for journey in bundle.journeys))


@pytest.mark.anyio
@pytest.mark.parametrize("size", [1000, 7, 2])
async def test_the_same_comes_of_timers_that_load_nobody(
    size: int, mailbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of those for which everybody is loaded: the journal line by line, and what is known of people; in
    whatever batches they come."""
    taken = []

    async def counted(
        store: Store, loaded: Loaded, due: Sequence[Due], busy: Collection[str], batch: Batch, now: int
    ) -> list[Due]:
        others = await stride(store, loaded, due, busy, batch, now)
        taken.append(len(due) - len(others))
        return others

    async def looked_at(
        store: Store, loaded: Loaded, due: Sequence[Due], busy: Collection[str], batch: Batch, now: int
    ) -> list[Due]:
        return list(due)

    monkeypatch.setattr(runner, "LARGEST_BATCH", size)
    monkeypatch.setattr(runner, "stride", counted)
    async with open_shop(tmp_path / "fast", FLOW, mailbox.url, mailbox.folder) as shop:
        fast = await lived(shop, tmp_path / "fast")
    monkeypatch.setattr(runner, "stride", looked_at)
    async with open_shop(tmp_path / "slow", FLOW, mailbox.url, mailbox.folder) as shop:
        slow = await lived(shop, tmp_path / "slow")
    assert sum(taken) > 40
    assert told(fast[0]) == told(slow[0])
    assert fast[1] == slow[1]


def told(journal: list[Entry]) -> list[Entry]:
    """By moment, person and journey; the lines of each in order. `n` counts those of a batch."""
    return sorted((replace(entry, n=0) for entry in journal), key=attrgetter("at", "contact", "journey"))
