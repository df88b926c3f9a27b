"""Purposes beside the topics: what a mail may draw on, and whether its opening is counted."""

import json

import pytest
from msgspec.structs import replace
from tampered import Export

from consent.contract import Basis, MailClass, Policy, Purpose, Reason, Visit

pytestmark = pytest.mark.anyio
DAY = 86_400_000


async def choose(world, subject, *topics):
    """Save the preferences page with these boxes ticked."""
    await world.client.choose(world.preferences_token(subject), topics, "en", Visit())


async def with_purpose(world) -> Policy:
    """The policy with personalisation and measurement, in force."""
    purposes = tuple(
        Purpose(topic, Basis.CONSENT, {"en": "P"}, {"en": f"You may: {topic}."}, "Kafija SIA")
        for topic in ("personalisation", "measurement")
    )
    policy = replace(world.policy, purposes=(*world.policy.purposes, *purposes))
    await world.client.publish(policy)
    return policy


async def test_the_variant_follows_personalisation_at_once(world):
    """Plain without it, personalised with it, plain again when it is withdrawn or the address is stopped."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", "newsletter", "personalisation")

    async def variant():
        [decision] = await world.client.decide([world.ask(anna)])
        return decision.variant if decision.allowed else None

    assert await variant() == "personalised"
    await choose(world, anna, "newsletter")
    assert await variant() == "plain"
    world.clock.pass_(DAY)
    await world.join("anna@kafija.example", "newsletter", "personalisation")
    assert await variant() == "personalised"
    ask = world.ask(anna)
    await world.send(ask)
    await world.client.complained(ask.key)
    world.clock.pass_(30 * DAY)
    await world.join("anna@kafija.example", "newsletter")
    assert await variant() == "plain"


async def test_no_mail_goes_on_the_strength_of_a_purpose(world):
    """It is no topic: marketing on it is of the wrong class."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", "newsletter", "personalisation")
    [decision] = await world.client.decide([world.ask(anna, "personalisation")])
    assert decision.reason is Reason.WRONG_CLASS


async def test_a_purpose_reaches_the_engine_like_a_topic(world):
    """Confirmed and withdrawn, by its name."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", "newsletter", "personalisation")
    await choose(world, anna, "newsletter")
    told = [(change.type, change.topic) for change in await world.client.changes(0)]
    assert told == [
        ("confirmed", "newsletter"),
        ("confirmed", "personalisation"),
        ("withdrawn", "personalisation"),
    ]


BOTH = ("newsletter", "personalisation", "measurement")


@pytest.mark.parametrize("dropped", ["personalisation", "measurement"])
@pytest.mark.parametrize("mail_class", [MailClass.MARKETING, MailClass.SERVICE])
async def test_a_mail_written_with_more_than_is_agreed_to_gets_no_permit(world, dropped, mail_class):
    """What was withdrawn between writing and claiming counts, and nothing of it is recorded; written anew,
    the mail goes."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", *BOTH)
    ask = world.ask(anna)
    if mail_class is MailClass.SERVICE:
        ask = world.ask(anna, "orders", mail_class=mail_class, template="receipt", trigger="e")
    [decision] = await world.client.decide([ask])
    assert decision.measured
    variant = "personalised" if mail_class is MailClass.MARKETING else "plain"
    assert decision.variant == variant
    written = replace(ask, variant=decision.variant, measured=decision.measured)
    await choose(world, anna, *(topic for topic in BOTH if topic != dropped))
    leaves = world.count("leaves")
    claimed = await world.client.claim("engine", [written], [])
    [decision] = await world.client.decide([ask])
    if (dropped, mail_class) == ("personalisation", MailClass.SERVICE):
        assert claimed.permits  # it never drew on it
        return
    assert (claimed.permits, claimed.denied[0].reason) == ((), Reason.NOT_AS_AGREED)
    assert world.count("leaves") == leaves
    assert await world.client.status([ask.key]) == [None]
    assert (decision.variant, decision.measured) == (
        ("plain", True) if dropped == "personalisation" else (variant, False)
    )
    anew = replace(ask, variant=decision.variant, measured=decision.measured)
    assert (await world.send(anew)).permits


async def test_service_mail_is_never_personalised(world):
    """Whatever its reader agreed to."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", *BOTH)
    ask = world.ask(anna, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="e")
    claimed = await world.client.claim("engine", [replace(ask, variant="personalised")], [])
    assert [one.reason for one in claimed.denied] == [Reason.NOT_AS_AGREED]


async def test_a_permit_given_again_is_for_no_more_than_the_first(world):
    """Whoever lost the answer of a claim, and agreed to more meanwhile, repeats it as it was recorded."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    [first] = (await world.client.claim("engine", [ask], [])).permits
    await world.sign_up("anna@kafija.example", "newsletter", "personalisation", "measurement")
    world.clock.pass_(DAY)
    await world.sign_up("anna@kafija.example", "newsletter", "personalisation", "measurement")
    [proof] = await world.client.proofs()
    [decided] = await world.client.decide([proof.ask])
    await world.client.confirm(world.token(decided.links.confirm), Visit())
    more = replace(ask, variant="personalised", measured=True)
    claimed = await world.client.claim("engine", [more], [])
    assert [one.reason for one in claimed.denied] == [Reason.NOT_AS_AGREED]
    [decision] = await world.client.decide([ask])
    assert (decision.allowed, decision.variant, decision.measured) == (True, "plain", False)
    assert (await world.client.claim("engine", [ask], [])).permits == (first,)


async def test_the_record_says_how_a_mail_was_written(world):
    """And stands so in the export."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", *BOTH)
    await world.send(world.ask(anna))
    await world.send(replace(world.ask(anna), variant="personalised", measured=True))
    records = [json.loads(line)["record"] for line in Export(world).lines("decisions.jsonl")]
    assert [(one["variant"], one["measured"]) for one in records[1:]] == [
        ("plain", False),
        ("personalised", True),
    ]
