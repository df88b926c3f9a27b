"""Two contacts become one while the engine has journeys of both: nothing is mailed twice, and what comes in
later by either address is the one's."""

import pytest
from storefront import MONDAY, Opener
from structlog.testing import capture_logs

pytestmark = pytest.mark.anyio
DAY = 86_400_000
FLOW = """
flow thanks "Thanks"
    topic orders
    start on order_placed
    one journey per trigger.order_id

    wait 2 days
    send thank_you
"""
ANNA, OTHER = "anna@example.com", "a.liepa@example.com"


async def test_the_journeys_of_whoever_is_absorbed_end(opener: Opener) -> None:
    """As if they were erased, which the log does not claim. Those of the other go on, and
    get what the shop tells by the old address."""
    async with opener(FLOW) as shop:
        anna, other = await shop.join(ANNA, "news"), await shop.join(OTHER, "news")
        for number, email in enumerate((ANNA, OTHER)):
            shop.clock.set(shop.clock() + 1)
            await shop.happens("order_placed", email, order_id=str(number))
        with capture_logs() as logged:
            await shop.system.consent.merge(anna, other, "shop")
            await shop.settle()
        assert other in shop.system.runner.erasing.people
        said = [line["event"] for line in logged]
        assert "people are forgotten, who were erased or became part of others" in said
        shop.clock.set(shop.clock() + 1)
        await shop.happens("order_placed", OTHER, order_id="3")
        await shop.until(MONDAY + 3 * DAY)
        assert (await shop.story("thanks")).count("entered") == 2
        assert [mail.recipients for mail in shop.mails()] == [(ANNA,), (ANNA,)]
