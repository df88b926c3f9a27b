"""A campaign over a whole shop: each member of a segment at their own ten o'clock."""

import pytest
from handed_in import Contact
from person import at
from storefront import MONDAY, Opener

pytestmark = pytest.mark.anyio
DAY = 86_400_000
SEGMENT = 'segment rigans "People of Riga"\n    contact.city is "Riga"\n'
CAMPAIGN = """
flow autumn "Autumn"
    topic news
    start at 2026-03-04 10:00 for segment rigans

    send hello
"""
ZONES = {"anna": "Europe/Riga", "timur": "Asia/Tashkent", "joan": "America/New_York"}


@pytest.fixture
def opener(opener: Opener) -> Opener:
    """Opens lives in which the segment stands above the flows."""
    return lambda text, now=MONDAY: opener(SEGMENT + text, now)


async def test_members_from_before_the_campaign_get_it_each_on_their_own_clock(
    opener: Opener,
) -> None:
    """Without another word from them, once, across a restart; whoever is outside gets nothing."""
    async with opener("") as shop:
        for name, zone in ZONES.items():
            await shop.join(f"{name}@example.com", "news")
            contact = Contact({"city": "Riga", "time_zone": zone}, f"{name}@example.com")
            assert await shop.system.inbox.accept_contacts([contact]) == [None]
        await shop.join("olav@example.com", "news")
        await shop.settle()
    async with opener(CAMPAIGN, MONDAY + DAY) as shop:
        await shop.until(at("2026-03-04T07:59"))
        assert (await shop.story("autumn")).count("sent hello") == 1  # in Tashkent
    async with opener(CAMPAIGN, at("2026-03-04T12:00")) as shop:
        await shop.until(at("2026-03-20T00:00"))
        sent = [entry for entry in await shop.system.store.journal() if entry.what == "sent"]
        assert [entry.at for entry in sent] == [
            at("2026-03-04T05:00"),
            at("2026-03-04T12:00"),  # the engine was down at ten in Riga
            at("2026-03-04T15:00"),
        ]
        assert (await shop.story("autumn")).count("entered") == 3


async def test_a_campaign_whose_moment_is_past_starts_nobody(
    opener: Opener,
) -> None:
    """It was loaded too late."""
    async with opener("") as shop:
        await shop.join("anna@example.com", "news")
        contact = Contact({"city": "Riga"})
        assert await shop.system.inbox.accept_contacts([contact]) == [None]
        await shop.settle()
    async with opener(CAMPAIGN, at("2026-03-04T08:01")) as shop:
        await shop.until(at("2026-03-20T00:00"))
        assert await shop.story("autumn") == []
