"""A project in staging mails its team and nobody else, whatever anybody agreed to."""

import pytest
from storefront import MONDAY, TEAM, Opener

from consent.contract import Ask, MailClass, Reason, SignUp

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@example.com"
FLOWS = f"""
flow alpha "Alpha"
    topic news
    start on order_placed

    send hello
    tell "{TEAM}" "Somebody bought"
flow bill "Bill"
    topic orders
    start on order_placed

    send receipt
"""


async def test_mails_go_to_the_team_alone(opener: Opener) -> None:
    """Both agreed and both bought before there was a staging; a journey that gets no mail goes on to its end,
    and says why."""
    async with opener(FLOWS, MONDAY) as shop:
        await shop.join(ANNA, "news")
        await shop.join(TEAM, "news")
    async with opener(FLOWS, MONDAY + DAY, environment="staging") as shop:
        before = len(shop.mails())
        for who in (ANNA, TEAM):
            await shop.happens("order_placed", who, order_id="17")
            shop.clock.set(shop.clock() + 1000)
        await shop.settle()
        reached = sorted(mail.recipients for mail in shop.mails()[before:])
        assert reached == [(TEAM,)] * 4  # two of her own, and a word about each
        for flow in ("alpha", "bill"):
            story = await shop.story(flow)
            assert sum(line.startswith("skipped") and line.endswith("not_on_team") for line in story) == 1
            assert story.count("finished") == 2


@pytest.mark.parametrize("mail_class", MailClass)
async def test_nobody_else_gets_a_permit(mail_class: MailClass, opener: Opener) -> None:
    """Of no class: not even the mail that asks to confirm."""
    async with opener(FLOWS, MONDAY) as shop:
        anna = await shop.join(ANNA, "news")
    async with opener(FLOWS, MONDAY + DAY, environment="staging") as shop:
        consent = shop.system.consent
        topic = {MailClass.MARKETING: "news", MailClass.SERVICE: "orders"}.get(mail_class)
        policy = shop.system.release.content.policy if shop.system.release is not None else None
        assert policy is not None
        template = policy.templates[0].digest
        asks = [Ask("f" * 32, 1, anna, mail_class, topic, template, "an event")]
        if mail_class is MailClass.PROOF:
            await consent.sign_up(SignUp("new@example.com", ("news",), "en", "footer"))
            asks = [proof.ask for proof in await consent.proofs()]
            assert asks
        claimed = await consent.claim("by hand", asks, [])
        assert claimed.permits == ()
        why = Reason.NOTHING_TO_TELL if mail_class is MailClass.NOTICE else Reason.NOT_ON_TEAM
        assert [denied.reason for denied in claimed.denied] == [why]
