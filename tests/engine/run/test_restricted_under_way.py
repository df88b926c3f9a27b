"""Somebody asks that what is known of them is kept and not used while the engine has journeys of theirs:
nothing goes, nobody is told, nothing is looked at, over restarts, until that is lifted."""

import pytest
from handed_in import Event
from storefront import MONDAY, TEAM, Opener, Shop

from engine.calls.call import Answer, Answered, Call
from engine.calls.recorder import Recorder

pytestmark = pytest.mark.anyio
DAY, HOUR = 86_400_000, 3_600_000
ANNA, OTHER = "anna@example.com", "a.liepa@example.com"
THANKS = """
webhook crm
    url "https://crm.example.com/hook"
    secret env CRM_SECRET

flow thanks "Thanks"
    topic orders
    start on order_placed

    wait 2 days
    send thank_you
    call crm with id trigger.order_id
"""


class Ill(Recorder):
    """A receiver that takes no call for now; `tried` counts."""

    def __init__(self) -> None:
        self.tried = 0

    async def post(self, call: Call, now: int) -> Answer:
        self.tried += 1
        return Answer(Answered.LATER)


async def restrict(shop: Shop, who: str, on: bool = True) -> None:
    await shop.system.consent.record(who, "restricted" if on else "restriction.lifted", "operator")


async def ordered(shop: Shop, email: str = ANNA) -> str:
    anna = await shop.join(email, "news")
    await shop.happens("order_placed", email, order_id="1")
    return anna


async def test_a_journey_stands_still_over_restarts_and_goes_on(opener: Opener) -> None:
    """Its mail goes once the restriction is lifted, and never before."""
    async with opener(THANKS) as shop:
        before = len(shop.mails())
        anna = await ordered(shop)
        await restrict(shop, anna)
        await shop.settle()
        assert (await shop.story("thanks"))[-1] == "paused wait_1 restricted"
    async with opener(THANKS, MONDAY + 9 * DAY) as shop:
        await shop.until(MONDAY + 10 * DAY)
        assert len(shop.mails()) == before
        await restrict(shop, anna, on=False)
        await shop.settle()
        assert "resumed wait_1" in await shop.story("thanks")
        assert [mail.recipients for mail in shop.mails()[before:]] == [(ANNA,)]


async def test_an_engine_that_was_away_acts_on_nothing_that_came_due(opener: Opener) -> None:
    """It hears of the restriction before the deadline, though the deadline came long since."""
    async with opener(THANKS) as shop:
        before = len(shop.mails())
        anna = await ordered(shop)
        await restrict(shop, anna)
    async with opener(THANKS, MONDAY + 9 * DAY) as shop:
        await shop.until(MONDAY + 10 * DAY)
        assert len(shop.mails()) == before
        assert "sent thank_you" not in await shop.story("thanks")
        assert not (await shop.story("thanks"))[-1].startswith("skipped")


async def test_no_receiver_hears_of_them_any_more(opener: Opener) -> None:
    """A call that was tried in vain before is over, also where the restriction came while the engine was
    away."""
    for away in (False, True):
        post = Ill()
        text = THANKS.replace("    wait 2 days\n    send thank_you\n", "").replace(
            "thanks", f"thanks_{away}".lower()
        )
        async with opener(text, MONDAY + away * DAY, post=post) as shop:
            anna = await ordered(shop, f"guest{away:d}@example.com")
            assert post.tried == 1
            await restrict(shop, anna)
            if not away:
                await shop.settle()
        async with opener(text, MONDAY + 2 * DAY + HOUR, post=post) as shop:
            await shop.settle()
            assert post.tried == 1
            assert (await shop.story(f"thanks_{away}".lower()))[-1] == "called call_1 restricted"


async def test_a_mail_that_the_gate_denies_moves_nobody_on(opener: Opener) -> None:
    """Also where the denial comes before the engine has heard of the restriction: what stands behind the mail
    is done after the lifting, and the mail itself goes no more."""
    text = THANKS.replace("    wait 2 days\n", "").replace(
        "call crm with id trigger.order_id", f'tell "{TEAM}" "hello"'
    )
    async with opener(text) as shop:
        before = len(shop.mails())
        anna = await shop.join(ANNA, "news")
        now = shop.clock()
        await shop.system.inbox.accept_events([Event("1", "order_placed", ANNA, now, {"order_id": "1"})])
        await shop.system.runner.step()
        await restrict(shop, anna)
        await shop.settle()
        story = await shop.story("thanks")
        assert [line for line in story if "told" in line] == []
        assert "skipped thank_you restricted" in story
        assert len(shop.mails()) == before
        await restrict(shop, anna, on=False)
        await shop.settle()
        assert "told tell_1" in await shop.story("thanks")
        assert len(shop.mails()) == before + 1  # that to the team


async def test_what_they_look_at_is_not_kept_meanwhile(opener: Opener) -> None:
    """Though they agreed to personalisation; what they looked at before is."""
    async with opener(THANKS) as shop:
        anna = await shop.join(ANNA, "news", "personalisation")
        await shop.happens("product_viewed", ANNA, sku="A", name="Rauda", url="https://kafija.example/a")
        await restrict(shop, anna)
        await shop.settle()
        shop.clock.set(MONDAY + HOUR)
        await shop.happens("product_viewed", ANNA, sku="B", name="Guji", url="https://kafija.example/b")
        found = [event.data for event in await shop.system.store.history() if event.kind == "product_viewed"]
        assert [data.get("sku") for data in found] == ["A"]


async def test_the_restriction_of_whoever_is_absorbed_holds_for_the_other(opener: Opener) -> None:
    """And is lifted for the one that is left."""
    async with opener(THANKS) as shop:
        before = len(shop.mails())
        anna, other = await ordered(shop), await shop.join(OTHER, "news")
        await restrict(shop, other)
        await shop.system.consent.merge(anna, other, "shop")
        await shop.until(MONDAY + 3 * DAY)
        assert len(shop.mails()) == before
        await restrict(shop, anna, on=False)
        await shop.settle()
        assert len(shop.mails()) == before + 1


async def test_whoever_is_erased_meanwhile_is_forgotten(opener: Opener) -> None:
    """What was kept, too."""
    async with opener(THANKS) as shop:
        anna = await ordered(shop)
        await restrict(shop, anna)
        await shop.settle()
        await shop.system.consent.erase(anna, "operator")
        await shop.until(MONDAY + 3 * DAY)
        [bundle] = (await shop.system.store.load([anna])).values()
        assert not bundle.created
        assert bundle.restricted is None
