"""How often something was tried in vain, and when it is tried again, is known to the next life."""

from functools import partial
from pathlib import Path

import pytest
from storefront import MONDAY, Opener, Shop, open_shop
from test_setting_aside import ANNA, FLOWS, ordered, rewrite

from engine.calls.call import Answer, Answered, Call
from engine.calls.patience import FIRST_PAUSES, MOST_ATTEMPTS
from engine.calls.recorder import Recorder
from engine.core.bundle import replace
from engine.delivery.orders import TryAgain
from engine.delivery.retrying import after_deferral, after_setting_aside
from engine.insight.records import open_records
from virta.mailbox.running import start

pytestmark = pytest.mark.anyio
DAY = 86_400_000
SECOND = 1000
CALLS = """
webhook crm
    url "https://crm.example.com/hook"
    secret env CRM_SECRET

flow told "Told"
    start on order_placed

    call crm with id trigger.order_id
"""

HELLO = """
flow hello "Hello"
    topic news
    start on subscribed where topic is "news"

    send greeting
"""


class Ill(Recorder):
    """A receiver that answers each call, and takes none for now."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    async def post(self, call: Call, now: int) -> Answer:
        self.tried.append(call.id)
        return Answer(Answered.LATER)


async def test_a_call_goes_on_where_an_earlier_life_was(opener: Opener) -> None:
    """A start is no try: the next comes when it would have come, and the last is the last of all lives."""
    post, moment = Ill(), MONDAY
    async with opener(CALLS, post=post) as shop:
        await shop.happens("order_placed", ANNA, order_id="1")
        assert len(post.tried) == 1
    for life in range(1, MOST_ATTEMPTS):
        async with opener(CALLS, moment + SECOND, post=post) as shop:
            await shop.settle()
            assert len(post.tried) == life, "not before its time"
            (retry,) = await shop.system.store.retries()
            assert (retry.kind, retry.tries) == ("call", life)
            assert 0.7 * FIRST_PAUSES[life - 1] < (retry.due - moment) / 1000 < 1.3 * FIRST_PAUSES[life - 1]
            moment = retry.due
            shop.clock.set(moment)
            await shop.settle()
            assert len(post.tried) == life + 1
    async with opener(CALLS, moment + SECOND, post=post) as shop:
        await shop.settle()
        assert "called call_1 call_gave_up" in await shop.story("told")
        assert await shop.system.store.retries() == []
    assert len(set(post.tried)) == 1


async def standing_nowhere(shop: Shop, folder: Path) -> str:
    anna = await ordered(shop)
    rewrite(folder, anna, lambda journey: replace(journey, node=journey.node + 100))
    await shop.until(MONDAY + DAY + 10)
    return anna


async def test_pauses_of_people_grow_over_lives(opener: Opener, tmp_path: Path) -> None:
    """Each try in vain counts, also that of a start; since when she is aside stays."""
    async with opener(FLOWS) as shop:
        anna = await standing_nowhere(shop, tmp_path)
        (first,) = await shop.system.store.set_aside()
        (retry,) = await shop.system.store.retries()
        now = shop.clock()
        assert (retry.key, retry.kind, retry.tries) == (anna, "person", 0)
        assert retry.due == first.at + after_setting_aside(anna, 0)
    async with opener(FLOWS, now + SECOND) as shop:
        await shop.settle()
        (retry,) = await shop.system.store.retries()
        assert (retry.tries, retry.due) == (1, now + SECOND + after_setting_aside(anna, 1))
        shop.clock.set(retry.due - 1)
        await shop.settle()
        assert [one.tries for one in await shop.system.store.retries()] == [1]
        shop.clock.set(retry.due)
        await shop.settle()
        assert [one.tries for one in await shop.system.store.retries()] == [2]
        assert await shop.system.store.set_aside() == [first]


async def test_whoever_got_over_it_begins_anew(opener: Opener, tmp_path: Path) -> None:
    """Mended, she goes on at her next try, without an operator; when that held, her tries are forgotten."""
    async with opener(FLOWS) as shop:
        anna = await standing_nowhere(shop, tmp_path)
        rewrite(tmp_path, anna, lambda journey: replace(journey, node=journey.node - 100))
        before = len(shop.mails())
        (retry,) = await shop.system.store.retries()
        shop.clock.set(retry.due)
        await shop.settle()
        assert [mail.recipients[0] for mail in shop.mails()[before:]] == [ANNA]
        assert await shop.system.store.set_aside() == []
        (retry,) = await shop.system.store.retries()
        shop.clock.set(retry.due)
        await shop.settle()
        assert await shop.system.store.retries() == []


async def test_an_order_means_one_person_or_all_of_one_cause(opener: Opener, tmp_path: Path) -> None:
    """Where they stand and what failed is kept beside them, without anything of theirs."""
    async with opener(FLOWS) as shop:
        anna = await standing_nowhere(shop, tmp_path)
        (aside,) = await shop.system.store.set_aside()
        assert aside.flow == "thanks"
        assert aside.cause.startswith("IndexError at engine.core.")
        asides = shop.system.runner.asides
        for order, tried in (
            (TryAgain(contact="f" * 32), 0),
            (TryAgain(cause="KeyError at home:1"), 0),
            (TryAgain(cause=aside.cause), 1),
            (TryAgain(contact=anna), 2),
            (TryAgain(), 3),
        ):
            asides.try_again(order)
            await shop.settle()
            assert [one.tries for one in await shop.system.store.retries()] == [tried]
    with open_records(tmp_path / "engine.db") as records:
        assert records.retries()[anna].tries == 3


async def test_a_mail_that_was_deferred_goes_on_where_an_earlier_life_was(tmp_path: Path) -> None:
    """A start neither hurries it nor forgets how often the mail server has put it off."""
    with start(tmp_path / "mailbox", defer="anna@*") as mailbox:
        open_ = partial(open_shop, tmp_path, HELLO, mailbox.url, mailbox.folder)
        moment = MONDAY
        async with open_(moment) as shop:
            await shop.join(ANNA, "news")
            (retry,) = await shop.system.store.retries()
        for tries in range(1, 4):
            assert (retry.kind, retry.tries, retry.attempt) == ("mail", tries, tries + 1)
            pause = after_deferral(retry.key, tries - 1)
            assert pause is not None
            assert retry.due == moment + pause
            async with open_(moment + SECOND) as shop:
                await shop.settle()
                assert await shop.system.store.retries() == [retry]
                moment = retry.due
                shop.clock.set(moment)
                await shop.settle()
                (retry,) = await shop.system.store.retries()
    with start(tmp_path / "mailbox") as mailbox:
        async with open_shop(tmp_path, HELLO, mailbox.url, mailbox.folder, retry.due) as shop:
            await shop.settle()
            assert [mail.recipients[0] for mail in shop.mails()] == [ANNA]
            assert await shop.system.store.retries() == []


async def test_what_fails_behind_an_erasure_is_not_kept(opener: Opener) -> None:
    """The person of a call is erased while the receiver is asked: that it did not answer is nobody's."""

    class Erasing(Ill):
        async def post(self, call: Call, now: int) -> Answer:
            if self.tried:
                (anna,) = await shop.system.consent.subjects([ANNA])
                assert anna is not None
                await shop.system.runner.erasing.forget([anna])
            return await super().post(call, now)

    async with opener(CALLS, post=(post := Erasing())) as shop:
        await shop.happens("order_placed", ANNA, order_id="1")
        (retry,) = await shop.system.store.retries()
        shop.clock.set(retry.due)
        await shop.settle()
        assert len(post.tried) == 2
        assert await shop.system.store.retries() == []
