"""Timers behind which attributes alone decide: by those that hold at that moment, and never unread."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from handed_in import Contact, Event
from storefront import MONDAY, Opener, Shop

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
RIGA = """
flow alpha "Alpha"
    start on cart_updated

    wait 1 hour
    if contact.city is "Riga"
        wait 1 day
    finish as other
"""
CITIES = {
    f"{name}@example.com": city for name, city in (("anna", "Riga"), ("berta", "Paris"), ("carla", "Riga"))
}


async def starts(shop: Shop) -> None:
    """All of the cities tell where they live, and have a cart."""
    known = [Contact({"city": city}, email) for email, city in CITIES.items()]
    assert await shop.system.inbox.accept_contacts(known) == [None] * 3
    carts = [Event(f"cart of {email}", "cart_updated", email, MONDAY, {}) for email in CITIES]
    assert await shop.system.inbox.accept_events(carts) == [None] * 3
    await shop.settle()


async def decided(shop: Shop) -> dict[str, list[str]]:
    """What was decided, by address."""
    ids = await shop.system.consent.subjects(list(CITIES))
    journal = await shop.system.store.journal()
    return {
        email: [entry.reason for entry in journal if entry.contact == id_ and entry.what == "decided"]
        for email, id_ in zip(CITIES, ids, strict=True)
    }


@pytest.mark.parametrize("moved", [False, True], ids=["as it was", "changed at that moment"])
async def test_what_changes_at_the_moment_of_a_timer_decides(opener: Opener, moved: bool) -> None:
    """In one batch with it, and with others of whom the earlier value still holds."""
    async with opener(RIGA) as shop:
        await starts(shop)
        shop.clock.set(MONDAY + HOUR)
        if moved:
            (anna, *_) = CITIES
            assert await shop.system.inbox.accept_contacts([Contact({"city": "Paris"}, anna)]) == [None]
        await shop.settle()
        assert list((await decided(shop)).values()) == [["no" if moved else "yes"], ["no"], ["yes"]]


@pytest.mark.parametrize(
    "condition", ['contact.city is "Riga"', "now > 2026-01-01 00:00"], ids=["of a value", "of none"]
)
async def test_nobody_goes_by_attributes_whose_row_cannot_be_read(
    opener: Opener, tmp_path: Path, condition: str
) -> None:
    """Whoever loads them finds out: they are set aside where they stand, and others go on."""
    async with opener(RIGA.replace('contact.city is "Riga"', condition)) as shop:
        await starts(shop)
        (anna, *_) = await shop.system.consent.subjects(list(CITIES))
        assert anna is not None
        with closing(sqlite3.connect(tmp_path / "engine.db")) as engine, engine:
            spoilt = engine.execute("UPDATE contact SET body = x'c1' WHERE id = ?", [bytes.fromhex(anna)])
            assert spoilt.rowcount == 1
        shop.clock.set(MONDAY + HOUR)
        await shop.settle()
        assert [len(each) for each in (await decided(shop)).values()] == [0, 1, 1]
        assert set(shop.system.runner.asides.people) == {anna}
