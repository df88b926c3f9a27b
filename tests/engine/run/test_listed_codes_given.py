"""Codes of a project's list, given to people who are really mailed: each once, whatever happens between."""

import re
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from handed_in import Event
from storefront import MONDAY, TEAM, Opener, Shop, open_shop

from engine.store.store import Store
from virta.mailbox.running import Running

pytestmark = pytest.mark.anyio
DAY = 86_400_000
FLOW = """
coupon spring "Spring"
    10% off
    codes from "codes.csv"
flow alpha "Alpha"
    start on cart_updated
    enter every time

    send gift with code coupon spring
        topic news
        subject "Your code"
"""


@pytest.fixture
def opener(opener: Opener) -> Opener:
    """Opens lives with these codes in the list."""

    def open_(*codes: str, now: int = MONDAY) -> AbstractAsyncContextManager[Shop]:
        return opener(FLOW, now, lists=(("codes.csv", "\n".join(codes).encode()),))

    return open_


async def given(shop: Shop) -> list[str]:
    return [code.code for code in await shop.system.store.codes()]


async def test_each_code_is_given_once(opener: Opener) -> None:
    """In the order of the list, to people who come together as to those who come later."""
    async with opener("A", "B", "C") as shop:
        for second, name in enumerate(("anna", "bob")):
            shop.clock.set(MONDAY + second * 1000)
            await shop.join(f"{name}@example.com", "news")
            await shop.happens("cart_updated", f"{name}@example.com")
        assert sorted(await given(shop)) == ["A", "B"]
        shop.clock.set(MONDAY + DAY)
        await shop.happens("cart_updated", "anna@example.com")
        assert sorted(await given(shop)) == ["A", "B", "C"]
        assert (await shop.story("alpha")).count("sent gift") == 3


async def test_people_of_one_batch_get_different_codes(opener: Opener) -> None:
    """And whoever is last in it gets none, if there are too few."""
    async with opener("A", "B") as shop:
        people = [f"{name}@example.com" for name in ("anna", "bob", "carl")]
        for email in people:
            await shop.join(email, "news")
        events = [Event(f"cart of {email}", "cart_updated", email, MONDAY, {}) for email in people]
        assert await shop.system.inbox.accept_events(events) == [None] * 3
        await shop.settle()
        assert sorted(await given(shop)) == ["A", "B"]
        assert len({code.contact for code in await shop.system.store.codes()}) == 2
        assert (await shop.story("alpha")).count("skipped gift no_code") == 1


async def test_a_batch_reads_the_list_in_few_pages(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many people cost a read for twice as many, not one each of all that was given before them."""
    people = 40
    async with opener(*(f"C{n:03}" for n in range(50))) as shop:
        store, read = shop.system.store, list[int]()
        free_codes = store.free_codes

        async def counted(coupon: str, limit: int) -> list[str]:
            read.append(limit)
            return await free_codes(coupon, limit)

        ids = [await shop.agree(f"p{n}@example.com", "news") for n in range(people)]
        await shop.settle()
        monkeypatch.setattr(store, "free_codes", counted)
        events = [Event(f"cart of {id_}", "cart_updated", None, MONDAY, {}, id_) for id_ in ids]
        assert await shop.system.inbox.accept_events(events) == [None] * people
        await shop.settle()
        assert sorted(await given(shop)) == [f"C{n:03}" for n in range(people)]
        assert sum(read) < 4 * people


async def test_two_coupons_may_have_one_list(tmp_path: Path, mailbox: Running) -> None:
    """Each mail gets two codes of it, and everybody others."""
    text = FLOW.replace("flow alpha", 'coupon autumn "A"\n    5% off\n    codes from "codes.csv"\nflow alpha')
    text = text.replace("code coupon spring", "code coupon spring, other coupon autumn")
    lists = (("codes.csv", b"A\nB\nC\nD\n"),)
    async with open_shop(tmp_path, text, mailbox.url, mailbox.folder, MONDAY, lists) as shop:
        ids = [await shop.agree(f"{name}@example.com", "news") for name in ("anna", "bob")]
        events = [Event(f"cart of {id_}", "cart_updated", None, MONDAY, {}, id_) for id_ in ids]
        assert await shop.system.inbox.accept_events(events) == [None, None]
        await shop.settle()
        assert sorted(await given(shop)) == ["A", "B", "C", "D"]


async def test_a_later_life_gives_what_is_left(opener: Opener) -> None:
    """What was added is given too, what was taken out of the list is not."""
    async with opener("A", "B", "C") as shop:
        await shop.join("anna@example.com", "news")
        await shop.happens("cart_updated", "anna@example.com")
    async with opener("D", "C", "A", now=MONDAY + DAY) as shop:
        await shop.happens("cart_updated", "anna@example.com")
        shop.clock.set(MONDAY + DAY + 1)
        await shop.happens("cart_updated", "anna@example.com")
        assert await given(shop) == ["A", "C", "D"]
        shop.clock.set(MONDAY + DAY + 2)
        await shop.happens("cart_updated", "anna@example.com")
        assert await given(shop) == ["A", "C", "D"]
    async with opener("D", "C", "A", "B", now=MONDAY + 2 * DAY) as shop:
        await shop.happens("cart_updated", "anna@example.com")
        assert await given(shop) == ["A", "C", "D", "B"]


async def test_an_empty_list_skips_the_send_and_tells_the_team_once_a_day(opener: Opener) -> None:
    """Across lives as well; the flow goes on, and new codes are given as soon as they are there."""
    async with opener("A") as shop:
        await shop.join("anna@example.com", "news")
        before = len(shop.mails())
        for minute in range(4):
            shop.clock.set(MONDAY + minute * 60_000)
            await shop.happens("cart_updated", "anna@example.com")
        story = await shop.story("alpha")
        assert story.count("sent gift") == 1
        assert story.count("skipped gift no_code") == 3
        assert story.count("finished") == 4
        (told,) = (mail for mail in shop.mails()[before:] if mail.recipients == (TEAM,))
        assert re.search(r"`spring` has no code left in codes\.csv", told.parsed().get_content())
    async with opener("A", now=MONDAY + DAY - 1) as shop:
        before = len(shop.mails())
        await shop.happens("cart_updated", "anna@example.com")
        assert shop.mails()[before:] == []
        shop.clock.set(MONDAY + 3 * DAY)
        await shop.happens("cart_updated", "anna@example.com")
        assert [mail.recipients for mail in shop.mails()[before:]] == [(TEAM,)]


async def test_a_code_that_another_coupon_gave_is_not_free() -> None:
    """Two coupons may share a list; a code is one promise."""
    store = Store(None)
    try:
        await store.keep_lists({"one": ["A", "B"], "two": ["B", "C"]})
        assert await store.free_codes("one", 9) == ["A", "B"]
        assert await store.free_codes("two", 1) == ["B"]
        await store.keep_lists({"two": ["C", "B"]})
        assert await store.free_codes("two", 9) == ["B", "C"]
        await store.keep_lists({"one": []})
        assert await store.free_codes("one", 9) == []
    finally:
        store.close()
