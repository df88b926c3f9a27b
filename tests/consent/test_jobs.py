"""What time alone brings about: each job does its part once, and doing it again changes nothing."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from consent.contract import Basis, Frequency, Heard, Purpose, Reason, Sale, Visit
from consent.ledger.evidence import shortened_ip
from consent.store.tables import evidence, subjects
from consent.subscriber.history import history_of
from consent.timed.lapsed import overdue
from consent.times import DAY_MS

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


async def reason(world, subject, topic="newsletter"):
    """Why a mail would be denied now."""
    [decision] = await world.client.decide([world.ask(subject, topic)])
    return decision.reason


def at(year, month, day):
    """The beginning of a day in UTC, in ms."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


async def pass_and_keep(world, ms):
    """Let time pass and run all jobs until nothing is left; the types of leaves that came of it."""
    world.clock.pass_(ms)
    before = len(world.types())
    while (await world.client.keep_times(2)).more:
        pass
    done = world.types()[before:]
    await world.client.keep_times()
    assert world.types()[before:] == done  # again changes nothing
    return done


async def test_a_wish_that_nobody_confirms_lapses_and_its_data_goes(world):
    """After 72 hours it has expired; after 30 days nothing is left of somebody who is known by it alone."""
    for number in range(5):
        await world.sign_up(f"guest{number}@kafija.example")
    assert await pass_and_keep(world, 3 * DAY_MS - 1) == []
    world.clock.pass_(1)
    assert world.service.read(overdue) == 5
    assert await pass_and_keep(world, 0) == ["expired"] * 5
    assert world.service.read(overdue) == 0
    assert world.count("subjects") == 5
    assert await pass_and_keep(world, 27 * DAY_MS) == ["pending.purged"] * 5
    for table in ("subjects", "standings", "evidence", "requests", "wishes"):
        assert world.count(table) == 0


async def test_a_customer_stays_a_customer(world):
    """What was kept of the asking goes; who they are is known to the shop, and stays."""
    anna = await world.subject(ANNA)
    await world.sign_up(ANNA)
    await pass_and_keep(world, 31 * DAY_MS)
    assert await world.subject(ANNA) == anna
    kept = world.service.read(lambda reading: reading.conn.scalars(select(evidence.c.sealed)).all())
    assert [bytes(one) for one in kept] == [b""]
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert told is not None
    assert [(one.evidence, one.holds) for one in told.events if one.type == "requested"] == [(None, None)]


async def test_whoever_withdrew_without_having_confirmed_is_not_forgotten(world):
    """Else the next import would find nobody who left."""
    await world.sign_up(ANNA)
    anna = await world.subject(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await pass_and_keep(world, 40 * DAY_MS)
    assert await reason(world, anna) is Reason.WITHDRAWN


async def test_silence_ends_topics_after_24_months_and_a_sign_of_life_counts_anew(world):
    """Orders, visits and clicks count; a confirmation brings somebody back. They agreed on 2 March 2026."""
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")
    world.clock.pass_(700 * DAY_MS)
    await world.client.alive([(berta, world.clock.now), (berta, 5)])
    world.clock.now = at(2028, 3, 2)
    assert await pass_and_keep(world, DAY_MS - 1) == []
    assert await pass_and_keep(world, 1) == ["stale"]
    assert (await reason(world, anna), await reason(world, berta)) == (Reason.STALE, None)
    await world.join(ANNA)
    assert await reason(world, anna) is None


async def test_whoever_had_the_use_of_their_data_restricted_does_not_fall_silent(world):
    """No mail goes to them, so they can give no sign; silence counts from the day on which that is lifted."""
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")
    world.clock.pass_(700 * DAY_MS)
    await world.client.record(anna, "restricted", "operator")
    assert await pass_and_keep(world, 200 * DAY_MS) == ["stale"]
    assert (await reason(world, anna), await reason(world, berta)) == (Reason.RESTRICTED, Reason.STALE)
    await world.client.record(anna, "restriction.lifted", "operator")
    assert "stale" not in await pass_and_keep(world, 700 * DAY_MS)
    assert await reason(world, anna) is None
    assert "stale" in await pass_and_keep(world, 60 * DAY_MS)


async def test_a_restriction_and_its_end_are_told(world):
    """On the feed, about no topic in particular: whoever uses what is known of people goes by it."""
    anna = await world.join(ANNA)
    [*_, joined] = await world.client.changes(-1)
    for word in ("restricted", "restricted", "restriction.lifted"):
        await world.client.record(anna, word, "operator")
    told = await world.client.changes(joined.seq)
    assert [(one.type, one.subject, one.topic) for one in told] == [
        ("restricted", anna, ""),
        ("restriction.lifted", anna, ""),
    ]


async def test_a_visit_to_the_preferences_is_a_sign_of_life(world):
    """Whoever chooses something is there."""
    anna = await world.join(ANNA)
    world.clock.pass_(700 * DAY_MS)
    token = world.preferences_token(anna)
    await world.client.choose(token, ("newsletter",), "en", Visit(), Frequency.WEEKLY)
    assert await pass_and_keep(world, 60 * DAY_MS) == []


async def test_silence_does_not_count_against_whoever_refused_to_be_measured(world):
    """Of them nobody can tell whether they are silent."""
    measure = Purpose("measurement", Basis.CONSENT, {"en": "m"}, {"en": "Count it."}, "Kafija SIA")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, measure)))
    anna = await world.join(ANNA)
    berta = await world.join("berta@kafija.example", "newsletter", "measurement")
    assert await pass_and_keep(world, 750 * DAY_MS) == ["stale"]
    assert (await reason(world, anna), await reason(world, berta)) == (None, Reason.STALE)


async def test_a_topic_that_is_gone_for_a_month_is_ended(world):
    """Not one that came back meanwhile."""
    anna = await world.join(ANNA, "newsletter", "offers")
    newsletter, offers, *others = world.policy.purposes
    await world.client.publish(replace(world.policy, purposes=(offers, *others)))
    assert await pass_and_keep(world, 29 * DAY_MS) == []
    await world.client.publish(world.policy)
    assert await pass_and_keep(world, 2 * DAY_MS) == []
    await world.client.publish(replace(world.policy, purposes=(offers, *others)))
    assert await pass_and_keep(world, 30 * DAY_MS) == ["terminated"]
    await world.client.publish(world.policy)
    assert (await reason(world, anna), await reason(world, anna, "offers")) == (Reason.TERMINATED, None)
    assert newsletter.topic == "newsletter"


async def test_changed_words_ask_people_again_once_and_their_button_renews(world):
    """Until then no mail goes; a change that means the same asks nobody."""
    anna = await world.join(ANNA)
    newsletter, *others = world.policy.purposes
    same = replace(newsletter, wording={"en": "I'd like news by e-mail."})
    await world.client.publish(replace(world.policy, purposes=(same, *others), editorial=("newsletter",)))
    assert await pass_and_keep(world, 0) == []
    assert await reason(world, anna) is None
    more = replace(newsletter, wording={"en": "I want news and quizzes by e-mail."})
    await world.client.publish(replace(world.policy, purposes=(more, *others)))
    assert await reason(world, anna) is Reason.WORDS_CHANGED
    assert await pass_and_keep(world, 0) == ["requested", "proof_mail.queued"]
    [proof] = await world.client.proofs()
    assert proof.wording == ("I want news and quizzes by e-mail.",)
    [(confirm, _)] = await world.mail_proofs()
    await world.client.confirm(confirm, Visit())
    assert world.types()[-1] == "renewed"
    assert await reason(world, anna) is None


async def test_a_further_language_and_a_cap_are_no_change_of_words(world):
    """Whoever agreed read neither."""
    anna = await world.join(ANNA)
    newsletter, *others = world.policy.purposes
    spoken = replace(newsletter, wording={**newsletter.wording, "fi": "Haluan uutisia."}, cap_count=9)
    await world.client.publish(replace(world.policy, purposes=(spoken, *others)))
    assert await reason(world, anna) is None


async def test_proof_goes_three_years_after_the_last_topic_was_left(world):
    """Of whoever still has a topic it stays, and so does what came since. Anna left on 2 March 2026."""
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    for _ in range(2):
        world.clock.pass_(365 * DAY_MS)
        await world.client.alive([(berta, world.clock.now)])
        assert "proof.purged" not in await pass_and_keep(world, 0)
    await world.client.record(anna, "exported", "operator")
    world.clock.now = at(2029, 3, 2)
    assert "proof.purged" not in await pass_and_keep(world, DAY_MS - 1)
    assert "proof.purged" in await pass_and_keep(world, 1)
    left = world.service.read(lambda reading: history_of(reading, anna))
    assert left is not None
    assert {one.type for one in left.events if one.evidence} == {"exported"}
    assert await reason(world, anna) is Reason.WITHDRAWN
    told = world.service.read(lambda reading: history_of(reading, berta))
    assert told is not None
    assert all(one.holds is not False for one in told.events)
    assert any(one.evidence for one in told.events)


async def test_an_ip_address_is_cut_short_and_the_evidence_still_holds(world):
    """It is sealed apart from what the log commits to, with a salt that goes."""
    anna = await world.join(ANNA)

    def ips():
        told = world.service.read(lambda reading: history_of(reading, anna))
        assert told is not None
        assert all(one.holds is not False for one in told.events)
        return {one.evidence["ip"] for one in told.events if one.evidence and one.evidence.get("ip")}

    assert ips() == {"192.0.2.7"}
    await pass_and_keep(world, 89 * DAY_MS)
    assert ips() == {"192.0.2.7"}
    await pass_and_keep(world, DAY_MS)
    assert ips() == {"192.0.2.0/24"}


def test_an_address_is_cut_to_its_network():
    """What is no address leaves nothing."""
    assert shortened_ip("203.0.113.77") == "203.0.113.0/24"
    assert shortened_ip("2001:db8:1:2:3::4%eth0") == "2001:db8:1::/48"
    assert shortened_ip("unknown") == ""


async def test_a_swapped_ip_address_is_noticed(world):
    """As long as it is whole."""
    anna = await world.join(ANNA)
    vault = world.service.parts.vault

    def swap(tx):
        wrapped = tx.conn.scalar(select(subjects.c.wrapped))
        for row in tx.conn.execute(select(evidence).where(evidence.c.whole)).all():
            sealed, _ = vault.seal_ip(anna, wrapped, row.row, "198.51.100.1")
            tx.conn.execute(update(evidence).where(evidence.c.commitment == row.commitment).values(ip=sealed))

    world.service.write(swap)
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert told is not None
    assert any(one.holds is False for one in told.events)


async def soft(world):
    """A topic that rests on sales, and a customer."""
    similar = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "s"}, {}, "Kafija SIA", similar="coffee")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, similar)))
    return await world.subject(ANNA)


async def test_a_sale_lets_a_customer_be_told_of_similar_goods_until_they_object(world):
    """The link in the mail objects; no later sale brings them back."""
    anna = await soft(world)
    sale = Sale(anna, "similar", "order-1", world.clock.now, "coffee", "a box at the checkout")
    assert await reason(world, anna, "similar") is Reason.NEVER_ASKED
    assert await world.client.bought([sale]) == [True]
    assert await reason(world, anna, "similar") is None
    await world.client.withdraw(world.unsubscribe_token(anna, "similar"), "one_click", False, Visit())
    assert world.types()[-1] == "objected"
    assert await world.client.bought([sale]) == [False]
    assert await reason(world, anna, "similar") is Reason.OBJECTED


@pytest.mark.parametrize(
    ("lack", "says"),
    [
        ({"sale": ""}, "id of the sale"),
        ({"at": 0}, "when it was"),
        ({"category": ""}, "the goods"),
        ({"offered": ""}, "could object"),
        ({"category": "bicycles"}, "nothing similar"),
        ({"topic": "newsletter"}, "no topic"),
    ],
)
async def test_a_sale_without_its_facts_counts_for_nothing(world, lack, says):
    """And says which is missing."""
    anna = await soft(world)
    sale = Sale(anna, "similar", "order-1", world.clock.now, "coffee", "a box at the checkout")
    with pytest.raises(ValueError, match=says):
        await world.client.bought([replace(sale, **lack)])
    assert await reason(world, anna, "similar") is Reason.NEVER_ASKED


async def test_what_an_operator_enters_stops_and_starts_nothing(world):
    """An objection holds until a fresh confirmation, a restriction until it is lifted."""
    anna = await world.join(ANNA)
    tell = world.client.record
    assert await tell(anna, "restricted", "operator:rights_request") is Heard.NEW
    assert await tell(anna, "restricted", "operator") is Heard.AGAIN
    assert await reason(world, anna) is Reason.RESTRICTED
    assert await tell(anna, "restriction.lifted", "operator") is Heard.NEW
    assert await reason(world, anna) is None
    assert await tell(anna, "objected.marketing", "operator:mailto") is Heard.NEW
    assert await reason(world, anna) is Reason.OBJECTED
    assert await tell(anna, "objected.marketing", "operator:mailto") is Heard.AGAIN
    await world.join(ANNA)
    assert await reason(world, anna) is None
    assert await tell(anna, "withdrawn", "operator:mailto") is Heard.NEW
    assert await reason(world, anna) is Reason.WITHDRAWN
    for what in ("exported", "rectified", "request.received", "request.extended", "request.answered"):
        assert await tell(anna, what, "operator") is Heard.NEW
        assert world.types()[-1] == what
    with pytest.raises(ValueError, match="nothing that can be said"):
        await tell(anna, "confirmed", "operator")
    assert await tell("0" * 32, "withdrawn", "operator") is Heard.UNKNOWN


async def test_whoever_objects_to_profiling_gets_the_plain_mail(world):
    """And the mail itself goes on."""
    personal = Purpose("personalisation", Basis.CONSENT, {"en": "p"}, {"en": "Know me."}, "Kafija SIA")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, personal)))
    anna = await world.join(ANNA, "newsletter", "personalisation")
    [before] = await world.client.decide([world.ask(anna)])
    await world.client.record(anna, "objected.profiling", "operator:rights_request")
    [after] = await world.client.decide([world.ask(anna)])
    assert (before.variant, after.variant, after.allowed) == ("personalised", "plain", True)
