"""One key, one mail: what is told or asked of it is about the attempt that is meant."""

import pytest
from asked_to_move import NEW, OLD, ask, letters
from msgspec.structs import replace

from consent.contract import About, MailClass, Outcome, Reason, Visit

pytestmark = pytest.mark.anyio
HOUR = 3_600_000


@pytest.mark.parametrize(
    "other",
    [
        {"template": "0" * 64},
        {"topic": "offers"},
        {"message_id": "another"},
        {"mail_class": MailClass.SERVICE, "topic": "orders", "trigger": "order-1"},
    ],
)
async def test_a_permit_is_told_once_more_for_the_same_mail_alone(world, other):
    """Of another class, topic, template or Message-ID it is another, which waits until that is settled."""
    anna = await world.join("anna@kafija.example")
    one = world.ask(anna)
    [permit] = (await world.client.claim("engine", [one], [])).permits
    if "message_id" in other:
        other = {"message_id": f"<{one.key}@other.example>"}
    changed = await world.client.claim("engine", [replace(one, **other)], [])
    assert [denial.reason for denial in changed.denied] == [Reason.ONE_AT_A_TIME]
    again = await world.client.claim("engine", [one], [])
    assert [(one.leaf, one.headers) for one in again.permits] == [(permit.leaf, permit.headers)]


async def test_what_came_back_from_the_new_address_is_about_the_attempt_that_went_there(world):
    """Not about the one before, which the old mailbox had put off."""
    anna = await world.join(OLD)
    mail = world.ask(anna)
    await world.send(mail, outcome=Outcome.DEFERRED, code=451)
    world.clock.pass_(HOUR)
    await ask(world, anna)
    links = (await letters(world))[About.NEW_ADDRESS][1]
    await world.client.confirm(world.token(links.confirm), Visit())
    world.clock.pass_(HOUR)
    [permit] = (await world.send(replace(mail, attempt=2))).permits
    assert permit.recipient == NEW
    await world.client.bounced(mail.key, "hard")
    [decision] = await world.client.decide([world.ask(anna)])
    assert decision.reason is Reason.HARD_BOUNCED
