"""A new segment knows the mails that went, and the sign-ups that came, before anybody asked for them."""

import pytest
from storefront import MONDAY, Opener

pytestmark = pytest.mark.anyio
DAY = 86_400_000
FLOW = """
flow alpha "Alpha"
    start on order_placed

    send thanks
        topic news
"""
SEGMENTS = """
segment mailed "Mailed"
    any email_sent where template is "thanks"
segment of_late "Came lately"
    any subscribed where topic is "news" in last 30 days
segment of_yore "Came before that"
    any subscribed where topic is "news"
        and no subscribed where topic is "news" in last 30 days
"""


async def test_mails_and_sign_ups_of_before_count(opener: Opener) -> None:
    """The engine was started with the segments weeks later; they are looked at without anything happening."""
    async with opener(FLOW) as shop:
        anna = await shop.join("anna@example.com", "news")
        bert = await shop.join("bert@example.com", "news")
        await shop.happens("order_placed", "anna@example.com", order_id="17")
        bundle = (await shop.system.store.load([anna]))[anna]
        assert "email_sent" not in bundle.windows
    async with opener(FLOW + SEGMENTS, MONDAY + 20 * DAY) as shop:
        await shop.settle()
        people = await shop.system.store.load([anna, bert])
        assert people[anna].segments == {"mailed", "of_late"}
        assert people[bert].segments == {"of_late"}
        await shop.until(MONDAY + 40 * DAY)
        people = await shop.system.store.load([anna, bert])
        assert (people[anna].segments, people[bert].segments) == ({"mailed", "of_yore"}, {"of_yore"})
