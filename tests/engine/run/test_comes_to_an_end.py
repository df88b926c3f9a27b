"""What goes through everybody page by page comes to an end, however many start a journey meanwhile."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from handed_in import Event
from storefront import MONDAY, Opener, Shop

from engine.delivery.orders import Cancel, kind_of
from engine.run import apply, control
from engine.store.control import open_desk

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
FLOW = """
flow hello "Hello"
    start on order_placed
    enter every time
    one journey per trigger.order_id

    wait 1 day
    wait 1 day
"""
NEW = FLOW.replace("wait 1 day", "wait 2 days")


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people a page."""
    monkeypatch.setattr(apply, "_PAGE", 3)
    monkeypatch.setattr(control, "_PAGE", 3)


async def order(shop: Shop, number: int, at: int) -> None:
    """Somebody whom nobody knew orders, and nothing is worked on yet."""
    shop.clock.set(at)
    told = Event(f"o{number}", "order_placed", None, at, {"order_id": str(number)}, f"{number + 1:032x}")
    assert await shop.system.inbox.accept_events([told]) == [None]


async def under_way(shop: Shop, count: int) -> None:
    """So many people have started before anything else happens."""
    for number in range(count):
        await order(shop, number, MONDAY + number)
    await shop.settle()


async def steps(shop: Shop, first: int, last: int, since: int) -> None:
    """One step behind each new order."""
    for number in range(first, last):
        await order(shop, number, since + 1000 * (number - first))
        await shop.system.runner.step()


async def carried(shop: Shop) -> int:
    """How many were taken over."""
    return sum(line.startswith("carried") for line in await shop.story("hello"))


def cancel(folder: Path) -> None:
    asked = Cancel("hello", "end")
    with open_desk(folder / "engine.db") as desk:
        desk.instruct(kind_of(asked), msgspec.json.encode(asked), "anna at shop1", MONDAY + HOUR)


def without(folder: Path, note: str) -> None:
    """The store as a version left it that kept no such note."""
    with closing(sqlite3.connect(folder / "engine.db")) as engine, engine:
        assert engine.execute("DELETE FROM note WHERE name = ?", [note]).rowcount == 1


async def test_a_cancellation_ends_those_who_were_under_way(opener: Opener, tmp_path: Path) -> None:
    """Seven were; whoever starts while it goes on stays, and it does not run after them."""
    async with opener(FLOW) as shop:
        await under_way(shop, 7)
        cancel(tmp_path)
        await steps(shop, 7, 40, MONDAY + HOUR + 1)
        await shop.settle()
        story = await shop.story("hello")
        left = story.count("left cancelled")
        assert 7 <= left <= 8, "one may have started in the step that saw it first"
        assert story.count("entered") == 40


async def test_a_release_reaches_its_end(opener: Opener) -> None:
    """Those who were under way are taken over, and the release counts as brought to everybody."""
    async with opener(FLOW) as shop:
        await under_way(shop, 7)
    async with opener(NEW, MONDAY + HOUR, applied=True) as shop:
        await steps(shop, 7, 40, MONDAY + HOUR + 1)
        assert (await shop.system.store.cursors())["carried"] == 2
        assert await carried(shop) == 7


async def test_a_cancellation_that_an_earlier_version_began_is_carried_on(
    opener: Opener, tmp_path: Path
) -> None:
    """It kept no note of where it ends: all who are under way now hear of it, and nobody is left out."""
    async with opener(FLOW) as shop:
        await under_way(shop, 7)
        cancel(tmp_path)
        await shop.system.runner.step()
        assert (await shop.story("hello")).count("left cancelled") == 3
    without(tmp_path, "cancel_told_until")
    async with opener(FLOW, MONDAY + 2 * HOUR) as shop:
        await shop.settle()
        assert (await shop.story("hello")).count("left cancelled") == 7


async def test_a_release_that_an_earlier_version_began_is_carried_on(opener: Opener, tmp_path: Path) -> None:
    """Whoever it had not come to is taken over."""
    async with opener(FLOW) as shop:
        await under_way(shop, 7)
    async with opener(NEW, MONDAY + HOUR, applied=True) as shop:
        await shop.system.runner.step()
        assert await carried(shop) == 3
    without(tmp_path, "carried_until")
    async with opener(NEW, MONDAY + 2 * HOUR) as shop:
        await shop.settle()
        assert await carried(shop) == 7
