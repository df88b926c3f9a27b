"""One person whose state or event the engine cannot work out is set aside, and blocks nobody."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from storefront import MONDAY, Opener, Shop

from engine.core.bundle import Journey, replace
from engine.core.loaded import Loaded
from engine.store import rows

pytestmark = pytest.mark.anyio
ANNA, BERTA = "anna@example.com", "berta@example.com"
DAY = 86_400_000
FLOWS = """
flow thanks "Thanks"
    topic news
    start on order_placed
    one journey per trigger.order_id

    wait 1 day
    send thanks
"""


def rewrite(folder: Path, contact: str, change: Callable[[Journey], Journey]) -> None:
    """Change the journeys of somebody where they stand."""
    with closing(sqlite3.connect(folder / "engine.db")) as engine, engine:
        columns = "slot, contact, id, node, epoch, due, clock, body"
        found = engine.execute(
            f"SELECT {columns} FROM journey WHERE contact = ?", [bytes.fromhex(contact)]
        ).fetchall()
        assert found
        for row in found:
            journey = change(rows.journey_of(row, "", ""))
            engine.execute(
                "UPDATE journey SET node = ?, body = ? WHERE slot = ?",
                [journey.node, rows.rest_row(journey), journey.slot],
            )


async def sent(shop: Shop, before: int = 0) -> list[str]:
    return [mail.recipients[0] for mail in shop.mails()[before:]]


async def order(shop: Shop, email: str, number: str) -> None:
    """A moment after what was before."""
    shop.clock.set(shop.clock() + 1)
    await shop.happens("order_placed", email, order_id=number)


async def ordered(shop: Shop) -> str:
    """Both order; the id of Anna."""
    anna = await shop.join(ANNA, "news")
    await shop.join(BERTA, "news")
    await order(shop, ANNA, "1")
    await order(shop, BERTA, "2")
    return anna


async def test_somebody_who_stands_nowhere_blocks_nobody(opener: Opener, tmp_path: Path) -> None:
    """Her deadline comes and cannot be worked out: she is set aside with the error, others get their mails.
    What happens to her meanwhile happens when she is tried again, after a mend."""
    async with opener(FLOWS) as shop:
        anna = await ordered(shop)
        before = len(shop.mails())
        rewrite(tmp_path, anna, lambda journey: replace(journey, node=journey.node + 100))
        await shop.until(MONDAY + DAY + 10)
        assert await sent(shop, before) == [BERTA]
        (aside,) = await shop.system.store.set_aside()
        assert (aside.contact, aside.kind) == (anna, "fired")
        assert "IndexError" in aside.error
        await order(shop, ANNA, "3")
        assert len(await shop.system.store.held_back(anna)) == 1
        assert shop.system.runner.next_due is None, "a deadline that cannot be worked out wakes nobody"
        rewrite(tmp_path, anna, lambda journey: replace(journey, node=journey.node - 100))
    async with opener(FLOWS, MONDAY + DAY + 1000) as shop:
        await shop.settle()
        assert await sent(shop, before) == [BERTA, ANNA]
        assert await shop.system.store.set_aside() == []
        await shop.until(MONDAY + 2 * DAY + 2000)
        assert await sent(shop, before) == [BERTA, ANNA, ANNA], "the order of the meantime counts"


async def test_whoever_cannot_be_worked_out_yet_stays_aside(opener: Opener, tmp_path: Path) -> None:
    """Trying again in vain changes nothing: she stays, with what happened first, and nothing is lost."""
    async with opener(FLOWS) as shop:
        anna = await ordered(shop)
        rewrite(tmp_path, anna, lambda journey: replace(journey, node=journey.node + 100))
        await shop.until(MONDAY + DAY + 10)
        await order(shop, ANNA, "3")
        shop.system.runner.asides.try_again()
        await shop.settle()
        assert [one.contact for one in await shop.system.store.set_aside()] == [anna]


async def test_somebody_whose_row_cannot_be_read_blocks_nobody(opener: Opener, tmp_path: Path) -> None:
    """Not at the start either, nor when an event comes for her."""
    async with opener(FLOWS) as shop:
        anna = await ordered(shop)
        before = len(shop.mails())
        with closing(sqlite3.connect(tmp_path / "engine.db")) as engine, engine:
            engine.execute("UPDATE contact SET body = x'c1' WHERE id = ?", [bytes.fromhex(anna)])
        await order(shop, ANNA, "3")
        await shop.until(MONDAY + DAY + 10)
        assert await sent(shop, before) == [BERTA]
        (aside,) = await shop.system.store.set_aside()
        assert (aside.contact, aside.kind) == (anna, "happened")
    async with opener(FLOWS, MONDAY + DAY + 1000) as shop:
        await shop.settle()
        await order(shop, BERTA, "4")
        assert [one.contact for one in await shop.system.store.set_aside()] == [anna]
        assert [one.data.event for one in await shop.system.store.held_back(anna)] == ["order_placed"]


async def test_an_event_that_cannot_be_worked_out_is_kept(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands first of what is held back, and happens before all that came later."""
    key = Loaded.key

    def failing(self: Loaded, journey: str, step: str, visit: int) -> str:
        raise ZeroDivisionError("so many rounds")

    async with opener(FLOWS.replace("    wait 1 day\n", "")) as shop:
        anna = await shop.join(ANNA, "news")
        await shop.join(BERTA, "news")
        before = len(shop.mails())
        monkeypatch.setattr(Loaded, "key", failing)
        await order(shop, ANNA, "1")
        monkeypatch.setattr(Loaded, "key", key)
        await order(shop, BERTA, "2")
        await order(shop, ANNA, "3")
        assert await sent(shop, before) == [BERTA]
        held = await shop.system.store.held_back(anna)
        assert [one.data.data["order_id"] for one in held] == ["1", "3"]
        shop.system.runner.asides.try_again()
        await shop.settle()
        assert await sent(shop, before) == [BERTA, ANNA, ANNA]
        entered = [entry for entry in await shop.system.store.journal() if entry.what == "entered"]
        assert [entry.contact == anna for entry in entered] == [False, True, True]
