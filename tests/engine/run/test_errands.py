"""What flows ask for beside mails to their readers, carried out: words to the team, withdrawals, codes; and
the stops that come back."""

from datetime import date
from typing import Any

import pytest
from storefront import KEYS, MONDAY, TEAM, Opener, Shop

from consent.client import InProcess
from consent.contract import Heard, Unavailable, Visit
from consent.ledger.tokens import Tokens
from engine.core.bundle import WithdrawBody
from engine.core.mailkey import mail_key
from engine.store.store import Received

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@example.com"


TELLS = """
flow alpha "Alpha"
    start on order_placed

    tell "{address}" "order {{trigger.order_id}} is late"
"""


async def test_somebody_of_the_team_gets_the_words_as_a_plain_mail(opener: Opener) -> None:
    """Once; its hand-over stands in the journal, and nothing is left to do."""
    async with opener(TELLS.format(address=TEAM)) as shop:
        before = len(shop.mails())
        await shop.happens("order_placed", ANNA, order_id="17")
        (mail,) = shop.mails()[before:]
        assert mail.recipients == (TEAM,)
        assert mail.parsed().get_content().strip() == "order 17 is late"
        assert await shop.story("alpha") == ["entered", "finished", "told tell_1"]
        assert await shop.system.store.effects() == []


async def test_nobody_else_is_told(opener: Opener) -> None:
    """An address that is not on the team's list gets nothing, and the journal says why."""
    async with opener(TELLS.format(address="someone@example.com")) as shop:
        before = len(shop.mails())
        await shop.happens("order_placed", ANNA, order_id="17")
        assert shop.mails()[before:] == []
        assert (await shop.story("alpha"))[-1] == "told tell_1 not_on_team"
        assert await shop.system.store.effects() == []


SUNSET = """
flow sunset "Sunset"
    start on cart_updated

    unsubscribe from news
flow letters "Letters"
    topic news
    start on subscribed where topic is "news"

    wait 30 days
    send letter
"""


async def withdrawals(shop: Shop) -> list[str]:
    """The topics that were withdrawn, as the log tells."""
    return [change.topic for change in await shop.system.consent.changes(0) if change.type == "withdrawn"]


async def test_a_flow_withdraws_on_the_person_s_behalf(opener: Opener) -> None:
    """With it, journeys of the topic end; the effect is gone when that is done."""
    async with opener(SUNSET) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("cart_updated", ANNA, cart_id="1")
        assert await withdrawals(shop) == ["news"]
        assert (await shop.story("sunset"))[-2:] == ["unsubscribed unsubscribe_1 news", "finished"]
        assert (await shop.story("letters"))[-1] == "left topic_withdrawn"
        assert await shop.system.store.effects() == []


@pytest.mark.parametrize("done", [False, True])
async def test_a_withdrawal_outlives_a_crash(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """A life ends between the commit and the call, or between the call and its commit: the next one asks
    again, and the log has one withdrawal."""
    real = InProcess.withdraw_by_flow

    async def dies(self: InProcess, *asked: Any) -> Heard:
        if done:
            await real(self, *asked)
        raise Unavailable("the line is dead")

    with monkeypatch.context() as patched:
        async with opener(SUNSET) as shop:
            await shop.join(ANNA, "news")
            patched.setattr(InProcess, "withdraw_by_flow", dies)
            with pytest.raises(Unavailable):
                await shop.happens("cart_updated", ANNA, cart_id="1")
    async with opener(SUNSET, MONDAY + 1) as shop:
        left = await shop.system.store.effects()
        assert [type(effect.body) for effect in left] == [WithdrawBody]
        await shop.settle()
        assert await withdrawals(shop) == ["news"]
        assert await shop.system.store.effects() == []
        assert (await shop.story("letters"))[-1] == "left topic_withdrawn"


async def test_a_withdrawal_that_waited_takes_no_consent_from_after_it(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flow spoke before the person left and came back."""

    async def dies(self: InProcess, *asked: Any) -> Heard:
        raise Unavailable("the line is dead")

    with monkeypatch.context() as patched:
        async with opener(SUNSET) as shop:
            anna = await shop.join(ANNA, "news")
            patched.setattr(InProcess, "withdraw_by_flow", dies)
            with pytest.raises(Unavailable):
                await shop.happens("cart_updated", ANNA, cart_id="1")
    async with opener(SUNSET, MONDAY + DAY) as shop:
        consent = shop.system.consent
        assert isinstance(consent, InProcess)
        await consent.withdraw(
            tokens(consent).unsubscribe(anna, "news").split("/")[-1], "page", True, Visit()
        )
        await shop.agree(ANNA, "news")
        await shop.settle()
        assert await withdrawals(shop) == ["news", "offers"]  # by the page, from all that there is
        assert [change.type for change in await consent.changes(0)][-1] == "confirmed"
        assert await shop.system.store.effects() == []


def tokens(consent: InProcess) -> Tokens:
    """What makes the links of mails."""
    return consent._service.parts.tokens


GIFT = """
coupon comeback "15% off"
    15% off
    valid 7 days
    code "BACK-{random 8}"
flow gift "Gift"
    topic news
    start on subscribed where topic is "news"

    send present with code coupon comeback
"""


async def test_the_shop_can_learn_the_codes_that_were_given(opener: Opener) -> None:
    """Whose each is, from when until when it is valid."""
    async with opener(GIFT) as shop:
        anna = await shop.join(ANNA, "news")
        (code,) = await shop.system.store.codes()
        assert (code.coupon, code.contact, code.step) == ("comeback", anna, "present")
        assert (code.made, code.until) == (MONDAY, MONDAY + 7 * DAY)
        assert await shop.system.store.codes(MONDAY) == []


@pytest.mark.parametrize("stop", ["complained", "hard_bounced"])
async def test_a_complaint_or_a_hard_bounce_ends_marketing(opener: Opener, stop: str) -> None:
    """Whatever topic the mail was about."""
    text = """
flow hello "Hello"
    topic offers
    start on subscribed where topic is "offers"

    send greeting
    wait 9 days
    send more
flow letters "Letters"
    topic news
    start on subscribed where topic is "news"

    wait 9 days
    send letter
"""
    async with opener(text) as shop:
        await shop.join(ANNA, "news", "offers")
        (entered,) = (
            entry
            for entry in await shop.system.store.journal()
            if (entry.flow, entry.what) == ("hello", "entered")
        )
        key = mail_key(KEYS.journey, entered.journey, "greeting", 1)
        if stop == "complained":
            await shop.system.consent.complained(key)
        else:
            await shop.system.consent.bounced(key, "hard")
        await shop.settle()
        assert [(await shop.story(flow))[-1] for flow in ("hello", "letters")] == [f"left {stop}"] * 2


LIMITED = """
limits
    at most 1 email per day, else wait up to 2 days
    quiet 21:00 to 08:00
flow uno "Uno"
    topic news
    start on subscribed where topic is "news"

    send una_mail
flow zwei "Zwei"
    topic news
    start on subscribed where topic is "news"

    send zwei_mail
"""


async def test_limits_hold_over_flows_and_lives(opener: Opener) -> None:
    """One goes, one is held over a restart, and goes when the night is over."""
    async with opener(LIMITED) as shop:
        await shop.join(ANNA, "news")
        assert await shop.story("uno") == ["entered", "sent una_mail", "finished"]
        assert await shop.story("zwei") == ["entered", "held zwei_mail limit"]
    async with opener(LIMITED, MONDAY + 1) as shop:
        await shop.until(MONDAY + DAY - 3_600_000 - 1)  # a moment before eight o'clock
        assert await shop.story("zwei") == ["entered", "held zwei_mail limit"]
        await shop.until(MONDAY + DAY - 3_600_000)
        assert (await shop.story("zwei"))[-2:] == ["sent zwei_mail", "finished"]


SLOW = LIMITED.replace("    quiet 21:00 to 08:00\n", "").replace(
    'start on subscribed where topic is "news"', "start on cart_updated"
)


async def test_a_slow_mail_counts_for_the_day_on_which_it_goes(opener: Opener) -> None:
    """It is asked for before midnight and handed over behind it: the other one waits another day."""
    before_midnight = MONDAY + 15 * 3_600_000 - 60_000
    async with opener(SLOW, before_midnight) as shop:
        await shop.join(ANNA, "news")
        cart = Received("cart-1", "cart_updated", shop.clock(), shop.clock(), "", ANNA, {})
        await shop.system.store.accept([cart])
        for moment in (before_midnight, before_midnight + 60_000, before_midnight + 360_000):
            shop.clock.set(moment)
            while await shop.system.runner.step():  # the mail server takes nothing
                pass
        assert await shop.story("zwei") == ["entered", "held zwei_mail limit", "held zwei_mail limit"]
        await shop.until(before_midnight + DAY)
        assert (await shop.story("uno"))[-2:] == ["sent una_mail", "finished"]
        assert (await shop.story("zwei"))[-1] == "held zwei_mail limit"
        await shop.until(before_midnight + DAY + 60_000)
        assert (await shop.story("zwei"))[-2:] == ["sent zwei_mail", "finished"]


BEFORE = """
flow other "Other"
    start on price_dropped

    wait 1 day
"""
BIRTHDAY = """
flow birthday "Birthday"
    topic news
    start on date contact.birthday every year at 09:00
    enter every time

    send gift
"""


async def test_a_new_flow_on_a_date_reaches_people_of_whom_nothing_is_heard(opener: Opener) -> None:
    """The project learns of birthdays after the people have: each is armed all the same, once."""
    async with opener(BEFORE) as shop:
        for number in range(3):
            anna = await shop.join(f"person{number}@example.com", "news")
            await shop.system.store.accept(
                [Received("", "", MONDAY, MONDAY, anna, "", {"birthday": date(1990, 3, 4)})]
            )
        await shop.settle()
    async with opener(BIRTHDAY, MONDAY + 1) as shop:
        await shop.settle()
        assert shop.system.runner.next_due == MONDAY + 2 * DAY
        await shop.until(MONDAY + 3 * DAY)
        assert (await shop.story("birthday")).count("sent gift") == 3
    async with opener(BIRTHDAY, MONDAY + 4 * DAY) as shop:
        assert not await shop.system.runner.step()
