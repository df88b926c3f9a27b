"""An operator's word on a mail whose outcome nobody knows, and the log that keeps it."""

import pytest

from consent.contract import MailClass, Outcome, Reason, Settlement, Status

pytestmark = pytest.mark.anyio


async def unknown(world, mail):
    """Claim it, and settle it as unknown."""
    await world.client.claim("engine", [mail], [])
    await world.client.settle("engine", [Settlement(mail.key, 1, Outcome.UNKNOWN)])


def about_an_order(world, anna, **more):
    return world.ask(
        anna, topic="orders", mail_class=MailClass.SERVICE, template="receipt", trigger="e", **more
    )


async def test_a_further_attempt_needs_the_word(world):
    """Without it the next attempt is denied; by it, one more is allowed, and the log says so, once."""
    anna = await world.join("anna@kafija.example")
    mail = about_an_order(world, anna)
    await unknown(world, mail)
    again = about_an_order(world, anna, key=mail.key, attempt=2)
    claimed = await world.client.claim("engine", [again], [])
    assert [denial.reason for denial in claimed.denied] == [Reason.WRONG_ATTEMPT]

    leaves = world.count("leaves")
    assert await world.client.give_word(mail.key, False, "operator:letter") is Outcome.RELEASED
    assert world.count("leaves") == leaves + 1
    assert await world.client.give_word(mail.key, False, "operator:letter") is Outcome.RELEASED
    assert world.count("leaves") == leaves + 1
    with world.service.store.reader.begin():
        (said,) = world.service.store.reader.exec_driver_sql(
            "SELECT body FROM leaves WHERE type = 'mail.again'"
        )
    assert b'"actor":"operator:letter"' in said[0]
    (permit,) = (await world.client.claim("engine", [again], [])).permits
    assert (permit.key, permit.attempt) == (mail.key, 2)


async def test_what_arrived_counts_as_accepted_and_goes_no_more(world):
    """Also marketing; the word that comes first stays."""
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    await unknown(world, mail)
    assert await world.client.give_word(mail.key, True, "operator") is Outcome.ACCEPTED
    assert await world.client.give_word(mail.key, False, "operator") is Outcome.ACCEPTED
    assert await world.client.status([mail.key]) == [Status(mail.key, 1, Outcome.ACCEPTED)]
    claimed = await world.client.claim("engine", [world.ask(anna, key=mail.key, attempt=2)], [])
    assert claimed.permits == ()


async def test_marketing_is_never_sent_again(world):
    """It stays unknown, and counts as one that they may have got."""
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    await unknown(world, mail)
    with pytest.raises(ValueError, match="no mail for service"):
        await world.client.give_word(mail.key, False, "operator")
    assert await world.client.status([mail.key]) == [Status(mail.key, 1, Outcome.UNKNOWN)]


async def test_there_is_no_word_on_other_mails(world):
    """Those that are unsettled, or that nobody ever claimed; what is settled otherwise stays."""
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    assert await world.client.give_word(mail.key, True, "operator") is None
    await world.client.claim("engine", [mail], [])
    assert await world.client.give_word(mail.key, True, "operator") is None
    await world.client.settle("engine", [Settlement(mail.key, 1, Outcome.REFUSED, 550)])
    assert await world.client.give_word(mail.key, True, "operator") is Outcome.REFUSED
