"""How often a person wants to be written to, and breaks: their own words, in force with the commit."""

import pytest

from consent.contract import Frequency, MailClass, Outcome, Reason, Visit
from consent.subscriber import preferences
from consent.subscriber.choice import Choice
from consent.subscriber.mailed import LookedBack

pytestmark = pytest.mark.anyio
DAY = 86_400_000
HOUR = 3_600_000


async def choose(world, subject, *, topics=("newsletter", "offers"), frequency=None, pause=None):
    """Save the preferences page; the types of the leaves that this adds."""
    before = len(world.types())
    token = world.preferences_token(subject)
    await world.client.choose(token, topics, "en", Visit(), frequency, pause)
    return world.types()[before:]


async def reason(world, subject, topic="newsletter", **more):
    """Why a mail is denied now; None: allowed."""
    [decision] = await world.client.decide([world.ask(subject, topic, **more)])
    return decision.reason


async def test_at_most_one_mail_a_week_over_all_topics(world):
    """Calendar weeks, Monday first, in UTC; the topics count together."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    assert await choose(world, anna, frequency=Frequency.WEEKLY) == ["frequency.changed"]
    assert (await world.send(world.ask(anna))).permits
    assert await reason(world, anna, "offers") is Reason.OWN_FREQUENCY
    denied = await world.send(world.ask(anna, "offers"))
    assert [one.reason for one in denied.denied] == [Reason.OWN_FREQUENCY]
    world.clock.pass_(6 * DAY + 14 * HOUR)  # Sunday, 23:00
    assert await reason(world, anna) is Reason.OWN_FREQUENCY
    world.clock.pass_(HOUR)
    assert await reason(world, anna) is None


async def test_at_most_one_mail_a_month(world):
    """From the first on there may be another."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await choose(world, anna, frequency=Frequency.MONTHLY)
    await world.send(world.ask(anna))
    world.clock.pass_(29 * DAY)  # 31 March
    assert await reason(world, anna) is Reason.OWN_FREQUENCY
    world.clock.pass_(DAY)
    assert await reason(world, anna) is None


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [(Outcome.ACCEPTED, True), (Outcome.UNKNOWN, True), (Outcome.REFUSED, False), (Outcome.RELEASED, False)],
)
async def test_what_may_have_arrived_counts(world, outcome, counts):
    """A mail that surely did not leaves room for another."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await choose(world, anna, frequency=Frequency.WEEKLY)
    await world.send(world.ask(anna), outcome=outcome)
    assert await reason(world, anna) is (Reason.OWN_FREQUENCY if counts else None)


async def test_as_it_comes_lifts_the_limit_at_once(world):
    """And saying the same again adds nothing to the log."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await choose(world, anna, frequency=Frequency.MONTHLY)
    assert await choose(world, anna, frequency=Frequency.MONTHLY) == []
    await world.send(world.ask(anna))
    assert await choose(world, anna, frequency=Frequency.AS_IT_COMES) == ["frequency.changed"]
    assert await reason(world, anna) is None


@pytest.mark.parametrize("topic", ["newsletter", "offers"])
async def test_mails_from_before_the_choice_count(world, topic):
    """Whether their topic has a cap or not, and whoever else got some: of the same calendar unit only."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    bob = await world.join("bob@kafija.example")
    await world.send(world.ask(anna, topic), world.ask(bob))
    world.clock.pass_(7 * DAY)
    await world.send(world.ask(bob))
    await choose(world, anna, frequency=Frequency.WEEKLY)
    assert await reason(world, anna) is None
    await choose(world, anna, frequency=Frequency.MONTHLY)
    assert await reason(world, anna) is Reason.OWN_FREQUENCY
    world.clock.pass_(22 * DAY)  # 31 March
    assert await reason(world, anna) is Reason.OWN_FREQUENCY
    world.clock.pass_(DAY)
    assert await reason(world, anna) is None


async def test_a_mail_that_goes_while_the_choice_is_saved_counts(world):
    """What was looked for beforehand is no more than a start."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await world.send(world.ask(anna))
    seen = world.service.read(lambda reading: LookedBack().look(reading, anna, Frequency.WEEKLY))
    assert len(seen.rows) == 1
    world.clock.pass_(7 * DAY)
    await world.send(world.ask(anna))
    choice, token = Choice(("newsletter",), "", Frequency.WEEKLY), world.preferences_token(anna)
    world.service.write(lambda tx: preferences.choose(tx, token, choice, Visit(), seen))
    assert await reason(world, anna) is Reason.OWN_FREQUENCY


async def test_one_mail_a_month_by_an_unsubscribe_link_counts_the_mail_that_it_stood_in(world):
    """The next comes in the month after."""
    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    await world.client.slow_down(world.unsubscribe_token(anna), Visit())
    assert await reason(world, anna) is Reason.OWN_FREQUENCY
    world.clock.pass_(30 * DAY)
    assert await reason(world, anna) is None


@pytest.mark.parametrize("who", ["stays", "goes", "afterwards"])
@pytest.mark.parametrize("mailed", ["stays", "goes"])
async def test_mails_to_either_of_two_who_became_one_count(world, who, mailed):
    """Whoever of them had said how often, or if they say it later."""
    people = {
        "stays": await world.join("anna@kafija.example"),
        "goes": await world.join("bert@kafija.example"),
    }
    if who in people:
        await choose(world, people[who], topics=["newsletter"], frequency=Frequency.MONTHLY)
    world.clock.pass_(DAY)
    assert (await world.send(world.ask(people[mailed]))).permits
    await world.client.merge(people["stays"], people["goes"], "operator")
    if who == "afterwards":
        await choose(world, people["stays"], topics=["newsletter"], frequency=Frequency.MONTHLY)
    assert await reason(world, people["stays"]) is Reason.OWN_FREQUENCY
    world.clock.pass_(31 * DAY)
    assert await reason(world, people["stays"]) is None


async def test_a_break_stops_marketing_until_it_is_over(world):
    """To the millisecond, and by itself."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    assert await choose(world, anna, pause=30) == ["paused"]
    assert await reason(world, anna) is Reason.PAUSED
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.PAUSED]
    world.clock.pass_(30 * DAY - 1)
    assert await reason(world, anna) is Reason.PAUSED
    world.clock.pass_(1)
    assert await reason(world, anna) is None
    assert await choose(world, anna, pause=0) == []


async def test_a_break_can_be_ended_and_is_left_alone_by_other_choices(world):
    """None says nothing about it, 0 ends it."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await choose(world, anna, pause=90)
    assert await choose(world, anna) == []
    assert await reason(world, anna) is Reason.PAUSED
    assert await choose(world, anna, pause=0) == ["resumed"]
    assert await reason(world, anna) is None
    for days in (-1, 367):
        with pytest.raises(ValueError, match="A pause has between"):
            await choose(world, anna, pause=days)


async def test_service_and_proof_mail_is_not_touched(world):
    """Orders go on; a new wish can still be confirmed."""
    anna = await world.join("anna@kafija.example")
    await choose(world, anna, topics=("newsletter",), frequency=Frequency.MONTHLY, pause=90)
    await world.send(world.ask(anna))
    service = {"mail_class": MailClass.SERVICE, "template": "receipt", "trigger": "order-1"}
    assert await reason(world, anna, "orders", **service) is None
    await choose(world, anna)
    assert len(await world.mail_proofs()) == 1


async def test_the_page_behind_the_link_shows_both(world):
    """As they stand; a break that is over is none."""
    anna = await world.join("anna@kafija.example")
    await choose(world, anna, topics=("newsletter",), frequency=Frequency.WEEKLY, pause=30)
    view = await world.client.preferences(world.preferences_token(anna))
    assert (view.frequency, view.paused_until) == (Frequency.WEEKLY, world.clock.now + 30 * DAY)
    world.clock.pass_(30 * DAY)
    assert (await world.client.preferences(world.preferences_token(anna))).paused_until == 0


async def test_what_was_chosen_is_kept_as_evidence(world):
    """The log says only that something changed."""
    from consent.address import read_address
    from consent.subscriber.history import history

    anna = await world.join("anna@kafija.example")
    await choose(world, anna, topics=("newsletter",), frequency=Frequency.WEEKLY, pause=30)
    found = world.service.read(lambda reading: history(reading, read_address("anna@kafija.example")))
    events = [event for event in found.events if event.type in ("frequency.changed", "paused")]
    assert [event.evidence["frequency"] for event in events] == ["weekly", "weekly"]
    assert [event.evidence["pause"] for event in events] == [30, 30]
    assert all(event.holds for event in events)


async def test_a_break_ends_when_someone_who_left_comes_back(world):
    """They want mails again, and the log says so; whoever has a topic keeps their break with a second one."""
    anna = await world.join("anna@kafija.example")
    await choose(world, anna, topics=("newsletter",), pause=90)
    world.clock.pass_(DAY)
    await world.join("anna@kafija.example", "offers")
    assert await reason(world, anna, "offers") is Reason.PAUSED
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    world.clock.pass_(DAY)
    before = len(world.types())
    await world.join("anna@kafija.example")
    assert world.types()[before:].count("resumed") == 1
    assert await reason(world, anna) is None
