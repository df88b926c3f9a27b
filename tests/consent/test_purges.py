"""What is forgotten of people by time, and what is a reason to keep it."""

from dataclasses import replace as changed

import pytest
from dice import Dice
from moved_in import CONFIRMED, SAID, bring, order, row
from msgspec.structs import replace
from sqlalchemy import select

from consent.contract import Basis, Heard, Outcome, Purpose, Reason, Visit
from consent.keys import Keys
from consent.store.tables import evidence
from consent.subscriber import hold
from consent.subscriber.history import history_of
from consent.times import DAY_MS

pytestmark = pytest.mark.anyio
ANNA, BERTA = "anna@kafija.example", "berta@kafija.example"


async def by_the_day(world, days):
    """Let the jobs run once on each of so many days."""
    for _ in range(days):
        world.clock.pass_(DAY_MS)
        while (await world.client.keep_times()).more:
            pass


def nothing_of_anybody(world):
    """Whether the tables of people are empty."""
    return not any(world.count(name) for name in ("subjects", "standings", "evidence", "requests", "wishes"))


async def test_who_said_this_was_not_me_is_forgotten_too(world):
    """Day by day, so that the request is old before what was said of it is. A mark stays, by which no list of
    another system brings them back; it leads to nobody."""
    await world.sign_up(ANNA)
    world.clock.pass_(DAY_MS)
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    await by_the_day(world, 29)
    assert world.count("subjects") == 1
    await by_the_day(world, 2)
    assert nothing_of_anybody(world)
    assert world.types()[-2:] == ["suppressed", "pending.purged"]
    anna = await world.subject(ANNA)
    assert (await world.client.decide([world.ask(anna)]))[0].reason is Reason.SUPPRESSED
    await world.join(ANNA)
    assert (await world.client.decide([world.ask(anna)]))[0].reason is None
    assert "released" in world.types()


async def test_a_hold_or_a_restriction_puts_it_off_and_no_longer(open_world):
    """On the day on which it ends the rest goes too."""
    world = open_world(keys=changed(Keys.random(Dice("keys")), holds=(bytes(32),)))
    for one in (ANNA, BERTA):
        await world.sign_up(one)
    anna, berta = await world.subject(ANNA), await world.subject(BERTA)
    world.service.write(lambda tx: hold.place(tx, anna, world.clock.now + 50 * DAY_MS, "a claim", "operator"))
    await world.client.record(berta, "restricted", "operator")
    await by_the_day(world, 49)
    assert (world.count("requests"), world.count("subjects")) == (2, 2)
    await by_the_day(world, 3)
    await world.client.record(berta, "restriction.lifted", "operator")
    await by_the_day(world, 3)
    assert world.count("requests") == 0


async def test_a_claimed_proof_mail_of_which_nothing_is_heard_keeps_nobody(world):
    """A day after its link has lapsed it is as good as lost."""
    await world.sign_up(ANNA)
    await world.client.claim("proofs", [proof.ask for proof in await world.client.proofs()], [])
    await by_the_day(world, 33)
    assert nothing_of_anybody(world)


async def test_a_mailbox_that_does_not_exist_is_no_word_of_anybody(world):
    """Whoever is known by a wish alone whose mail came back is forgotten like all others."""
    await world.sign_up(ANNA)
    [key] = [proof.ask.key for proof in await world.client.proofs()]
    await world.mail_proofs(Outcome.ACCEPTED)
    assert await world.client.bounced(key, "hard") is Heard.NEW
    await by_the_day(world, 33)
    assert nothing_of_anybody(world)


async def test_what_was_noted_beside_the_asking_is_kept(world):
    """A request by right is open, and its evidence stands."""
    await world.sign_up(ANNA)
    anna = await world.subject(ANNA)
    world.clock.pass_(29 * DAY_MS)
    await world.client.record(anna, "request.received", "operator:letter")
    await by_the_day(world, 10)
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert told is not None
    assert [one.holds for one in told.events if one.type == "request.received"] == [True]


async def test_a_restriction_keeps_proof_beyond_its_time(world):
    """Whoever wants it kept needs it, as for a claim of their own."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await world.client.record(anna, "restricted", "operator:rights_request")
    world.clock.pass_(4 * 366 * DAY_MS)
    assert (await world.client.keep_times()).proof_purged == 0
    await world.client.record(anna, "restriction.lifted", "operator")
    world.clock.pass_(DAY_MS)
    assert (await world.client.keep_times()).proof_purged == 1


async def test_proof_of_whoever_fell_silent_goes_after_three_more_years(world):
    """They agreed once, and gave no sign of life in five years."""
    await world.join(ANNA)
    world.clock.pass_(2 * 366 * DAY_MS)
    assert (await world.client.keep_times()).stale == 1
    world.clock.pass_(3 * 366 * DAY_MS)
    assert (await world.client.keep_times()).proof_purged == 1
    kept = world.service.read(lambda reading: reading.conn.scalars(select(evidence.c.sealed)).all())
    assert {bytes(one) for one in kept} == {b""}


def proved(world):
    """How many pieces of evidence still say something."""
    kept = world.service.read(lambda reading: reading.conn.scalars(select(evidence.c.sealed)).all())
    return sum(bytes(one) != b"" for one in kept)


async def test_proof_of_whoever_became_part_of_another_is_kept_from_when_that_ended(world):
    """However long ago they agreed; and no longer than that of people who left."""
    berta = await world.join(BERTA)
    for _ in range(4):
        world.clock.pass_(365 * DAY_MS)
        await world.client.alive([(berta, world.clock.now)])
        await by_the_day(world, 1)
    assert (await world.send(world.ask(berta))).permits
    anna = await world.subject(ANNA)
    assert await world.client.merge(anna, berta, "operator") is Heard.NEW
    kept = proved(world)
    await by_the_day(world, 2)
    world.clock.pass_(2 * 366 * DAY_MS)
    await by_the_day(world, 1)
    assert proved(world) == kept
    world.clock.pass_(366 * DAY_MS)
    await by_the_day(world, 1)
    assert proved(world) == 0


async def test_a_merge_keeps_no_proof_beyond_its_time(world):
    """Where both had left everything before, it gets no younger by that."""
    anna, berta = await world.join(ANNA), await world.join(BERTA)
    for one in (anna, berta):
        await world.client.withdraw(world.unsubscribe_token(one), "page", True, Visit())
    world.clock.pass_(2 * 366 * DAY_MS)
    await world.client.merge(anna, berta, "operator")
    world.clock.pass_(366 * DAY_MS)
    assert (await world.client.keep_times()).proof_purged == 1
    assert proved(world) == 1  # that they were merged, a year ago


async def test_a_wish_that_came_to_nothing_takes_no_proof_of_another_with_it(world):
    """An imported contact becomes part of somebody who never confirmed."""
    [taken] = bring(world, row(BERTA, confirmed_at=CONFIRMED), what=order(attested=SAID))
    await world.sign_up(ANNA)
    anna = await world.subject(ANNA)
    assert await world.client.merge(anna, taken.subject, "operator") is Heard.NEW
    kept = proved(world)
    await by_the_day(world, 33)
    assert world.count("requests") == 0
    assert proved(world) == kept


async def test_a_hold_keeps_ip_addresses_whole(open_world):
    """Those that came after it was placed as well."""
    world = open_world(keys=changed(Keys.random(Dice("keys")), holds=(bytes(32),)))
    anna = await world.join(ANNA)
    world.service.write(
        lambda tx: hold.place(tx, anna, world.clock.now + 200 * DAY_MS, "a claim", "operator")
    )
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit("198.51.100.7"))
    await by_the_day(world, 100)
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert told is not None
    assert {one.evidence["ip"] for one in told.events if one.type == "withdrawn"} == {"198.51.100.7"}


async def test_changed_words_ask_whoever_was_asked_lately_as_soon_as_they_may_be(world):
    """Two topics change within hours, and an address gets one such mail a day."""
    anna = await world.join(ANNA, "newsletter", "offers")
    newsletter, offers, *others = world.policy.purposes
    first = replace(newsletter, wording={"en": "I want news and quizzes."})
    await world.client.publish(replace(world.policy, purposes=(first, offers, *others)))
    await world.client.keep_times()
    world.clock.pass_(5 * 3_600_000)
    await world.mail_proofs()
    second = replace(offers, wording={"en": "I want offers and coupons."})
    await world.client.publish(replace(world.policy, purposes=(first, second, *others)))
    assert (await world.client.keep_times()).asked_again == 0
    await by_the_day(world, 2)
    links = await world.mail_proofs()
    await world.client.confirm(links[0][0], Visit())
    asked = [(await world.client.decide([world.ask(anna, "offers")]))[0].reason]
    assert asked == [None]


async def test_silence_counts_again_after_those_who_refused_to_be_measured(world):
    """Whoever agreed is told from whoever did not in the store itself, however many these are."""
    measure = Purpose("measurement", Basis.CONSENT, {"en": "m"}, {"en": "Count it."}, "Kafija SIA")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, measure)))
    for number in range(6):
        await world.join(f"guest{number}@kafija.example")
    await world.join(BERTA, "newsletter", "measurement")
    world.clock.pass_(25 * 31 * DAY_MS)
    assert [(await world.client.keep_times(2)).stale for _ in range(2)] == [1, 0]
