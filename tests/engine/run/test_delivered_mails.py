"""`email_delivered` through the whole engine, over real SMTP: reported by the API, or at once by a mailbox of
our own."""

import pytest
from handed_in import Event
from storefront import MONDAY, Opener, Shop

from consent.contract import Unavailable
from engine.returns.at_once import every_mail
from engine.returns.intake import Return

pytestmark = pytest.mark.anyio
ANNA = "anna@example.com"
HOUR, DAY = 3_600_000, 86_400_000

WAITS = """
flow thanks "Thanks"
    topic news
    start on order_placed
    send thank_you
    wait for email_delivered where step is "thank_you" up to 2 days as arrival
        on email_delivered
            finish as arrived
        on timeout
            finish as unheard
"""


def delivered(key: str, at: int) -> Return:
    return Return("delivered", "", f"<{key}@kafija.example>", at)


def newest_key(shop: Shop) -> str:
    """The key of the mail that came last."""
    _, _, behind = shop.mails()[-1].content.partition(b"Message-ID: <")
    return behind[:32].decode()


async def test_a_wait_hears_that_its_mail_was_delivered(opener: Opener) -> None:
    """When it is reported, and not when the mail was handed over; told twice it counts once."""
    async with opener(WAITS) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        assert "sent thank_you" in await shop.story("thanks")
        assert not (await shop.story("thanks"))[-1].endswith("arrived")
        shop.clock.set(MONDAY + HOUR)
        report = delivered(newest_key(shop), MONDAY + HOUR)
        assert await shop.system.intake.accept_returns([report, report]) == [None, None]
        await shop.settle()
        assert (await shop.story("thanks"))[-1].endswith("arrived")
        told = [event for event in await shop.system.store.history() if event.kind == "email_delivered"]
        assert [event.data for event in told] == [
            {"flow": "thanks", "step": "thank_you", "template": "thank_you", "topic": "news"}
        ]


async def test_without_a_report_nothing_is_delivered(opener: Opener) -> None:
    """That the mail server took a mail is not that it arrived."""
    async with opener(WAITS) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        await shop.until(MONDAY + 3 * DAY)
        assert (await shop.story("thanks"))[-1].endswith("unheard")


async def test_a_mailbox_of_our_own_delivers_at_once(opener: Opener) -> None:
    """The wait behind the mail hears it at the moment of the hand-over."""
    async with opener(WAITS, delivers=every_mail) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        assert (await shop.story("thanks"))[-1].endswith("arrived")


async def test_nobody_asks_so_nothing_is_written_down(opener: Opener) -> None:
    """Where no flow asks what was delivered, a mailbox of our own makes no event of each mail."""
    async with opener(WAITS.partition("    wait")[0], delivers=every_mail) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        assert "sent thank_you" in await shop.story("thanks")
        assert {event.kind for event in await shop.system.store.history()} == {"order_placed"}


HISTORY = """
flow letters "Letters"
    topic news
    start on order_placed
    send first
    wait 1 day
    if any email_delivered where step is "first" in last 2 days
        send second
    else
        finish as not_there
    wait 1 day
    if count of email_delivered since entry is 2
        send third
    wait 1 day
    finish as over
flow follow_up "Follow-up"
    start on email_delivered where template is "second"
    leave on email_delivered where template is "third"
    wait 7 days
    finish as never_left
"""


async def test_history_starts_and_leaves_go_by_it(opener: Opener) -> None:
    """`any … in last D`, `count of … since entry`, `start on` and `leave on`."""
    async with opener(HISTORY) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        stories = []
        for day in range(3):
            await shop.until(MONDAY + day * DAY)
            report = delivered(newest_key(shop), shop.clock())
            assert await shop.system.intake.accept_returns([report]) == [None]
            await shop.settle()
            stories.append(await shop.story("follow_up"))
        sent = [line for line in await shop.story("letters") if line.startswith("sent")]
        assert sent == ["sent first", "sent second", "sent third"]
        assert [bool(story) for story in stories] == [False, True, True]
        assert stories[1][-1] != "left email_delivered"
        assert stories[2][-1] == "left email_delivered"


async def test_what_was_not_delivered_is_not_in_the_history(opener: Opener) -> None:
    """The same flow, and nobody reports anything."""
    async with opener(HISTORY) as shop:
        await shop.join(ANNA, "news")
        await shop.happens("order_placed", ANNA)
        await shop.until(MONDAY + DAY)
        assert (await shop.story("letters"))[-1].endswith("not_there")
        assert await shop.story("follow_up") == []


async def test_a_report_before_the_hand_over_is_written_down_is_to_be_told_again(opener: Opener) -> None:
    """The mail server may be quicker than we are; the report is not lost, and the wait hears it."""
    async with opener(WAITS) as shop:
        await shop.join(ANNA, "news")
        system = shop.system
        taken = len(shop.mails())
        now = shop.clock()
        (contact,) = await system.consent.subjects([ANNA])
        assert contact is not None
        await shop.system.inbox.accept_events([Event("order", "order_placed", None, now, {}, contact)])
        await system.runner.step()
        await system.dispatch.drain()  # the mailbox has it, and the engine does not know that yet
        assert len(shop.mails()) == taken + 1
        report = delivered(newest_key(shop), now)
        with pytest.raises(Unavailable):
            await system.intake.accept_returns([report])
        await shop.settle()
        assert await system.intake.accept_returns([report]) == [None]
        await shop.settle()
        assert (await shop.story("thanks"))[-1].endswith("arrived")
