"""What is told about mails by their keys: complaints, bounces, and a flow's own unsubscribing."""

import io
import json

import pytest

from consent.contract import Heard, LinkRefused, MailClass, Outcome, Reason, Visit
from consent.export.archive import write_archive
from consent.proof.verify import verify

pytestmark = pytest.mark.anyio
DAY = 86_400_000
UNKNOWN = "0" * 32


async def mailed(world, subject, topic="newsletter"):
    """The key of a mail that went to `subject`."""
    ask = world.ask(subject, topic)
    assert (await world.send(ask)).permits
    return ask.key


async def reasons(world, *asks):
    """Why each is denied; None: allowed."""
    return [decision.reason for decision in await world.client.decide(asks)]


def verified(world):
    """Whether the auditor's tool takes the log as it is."""
    file = io.BytesIO()
    world.service.read(lambda reading: write_archive(reading, file))
    return verify(file, world.service.parts.signing.key()).authenticated


STOPS = [("complaint", Reason.COMPLAINED), ("bounced.hard", Reason.HARD_BOUNCED)]


async def tell(world, kind, key):
    """Report a complaint or a hard bounce."""
    if kind == "complaint":
        return await world.client.complained(key)
    return await world.client.bounced(key, "hard")


@pytest.mark.parametrize(("kind", "reason"), STOPS)
async def test_a_stop_of_the_address_silences_every_topic(world, kind, reason):
    """Those agreed to and those never asked for; nobody else's, and the epoch tells."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    bob = await world.join("bob@kafija.example")
    assert await tell(world, kind, await mailed(world, anna)) is Heard.NEW
    asks = [world.ask(anna), world.ask(anna, "offers"), world.ask(bob)]
    assert await reasons(world, *asks) == [reason, reason, None]
    [decision, *_] = await world.client.decide(asks)
    assert decision.epoch == 1
    [change] = await world.client.changes((await world.client.changes(0))[-2].seq)
    assert (change.type, change.subject, change.topic) == (kind, anna, "")
    assert verified(world)


@pytest.mark.parametrize(("kind", "reason"), STOPS)
async def test_only_a_fresh_confirmation_leads_out_and_only_of_its_topic(world, kind, reason):
    """Asking anew is not enough; what was not confirmed anew stays silent."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await tell(world, kind, await mailed(world, anna))
    await world.sign_up("anna@kafija.example", "newsletter")
    assert await reasons(world, world.ask(anna)) == [reason]
    world.clock.pass_(30 * DAY)
    await world.sign_up("anna@kafija.example", "newsletter")
    [(confirm, _)] = await world.mail_proofs()
    await world.client.confirm(confirm, Visit())
    assert await reasons(world, world.ask(anna), world.ask(anna, "offers")) == [None, reason]
    assert (await world.send(world.ask(anna))).permits
    assert verified(world)


@pytest.mark.parametrize(("kind", "reason"), STOPS)
async def test_a_link_that_was_under_way_does_not_undo_it(world, kind, reason):
    """Whoever got it before the stop presses a button that no longer counts."""
    anna = await world.join("anna@kafija.example")
    key = await mailed(world, anna)
    await world.sign_up("anna@kafija.example", "offers")
    [(confirm, _)] = await world.mail_proofs()
    await tell(world, kind, key)
    with pytest.raises(LinkRefused, match="used"):
        await world.client.confirm(confirm, Visit())
    assert await reasons(world, world.ask(anna, "offers")) == [reason]


@pytest.mark.parametrize(("kind", "reason"), STOPS)
async def test_a_topic_withdrawn_after_a_fresh_confirmation_says_so(world, kind, reason):
    """The stop of the address is over then."""
    anna = await world.join("anna@kafija.example")
    await tell(world, kind, await mailed(world, anna))
    world.clock.pass_(30 * DAY)
    assert await world.join("anna@kafija.example") == anna
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    asks = (world.ask(anna), world.ask(anna, "offers"))
    assert await reasons(world, *asks) == [Reason.WITHDRAWN, Reason.NEVER_ASKED]


async def test_service_mail_goes_to_those_who_complained_but_not_to_a_dead_mailbox(world):
    """An order's confirmation is no advertising; one that comes back helps nobody."""
    service = {"mail_class": MailClass.SERVICE, "template": "receipt", "trigger": "order-1"}
    anna = await world.join("anna@kafija.example")
    await world.client.complained(await mailed(world, anna))
    assert await reasons(world, world.ask(anna, "orders", **service)) == [None]
    bob = await world.join("bob@kafija.example")
    await world.client.bounced(await mailed(world, bob), "hard")
    assert await reasons(world, world.ask(bob, "orders", **service)) == [Reason.HARD_BOUNCED]
    await world.join("bob@kafija.example")
    assert await reasons(world, world.ask(bob, "orders", **service)) == [None]


async def test_a_mailbox_that_refused_to_move_is_still_the_one_that_bounces(world):
    """Who says "this wasn't me" keeps their address: what was mailed to it before says that it is dead."""
    anna = await world.join("anna@kafija.example")
    mail = await mailed(world, anna)
    world.clock.pass_(DAY)
    choose = world.preferences_token(anna)
    await world.client.ask_to_move(choose, "else@kafija.example", Visit())
    [refuse] = [refuse for confirm, refuse in await world.mail_proofs() if not confirm]
    await world.client.refuse(refuse, Visit())
    with pytest.raises(LinkRefused, match="expired"):
        await world.client.ask_to_move(choose, "other@kafija.example", Visit())
    assert await world.client.bounced(mail, "hard") is Heard.NEW
    assert await reasons(world, world.ask(anna)) == [Reason.HARD_BOUNCED]


async def test_a_report_counts_once(world):
    """A provider that repeats itself changes nothing, not even after a fresh confirmation; a complaint about
    the same mail from after that is a new one."""
    anna = await world.join("anna@kafija.example")
    key = await mailed(world, anna)
    first = world.clock.now
    assert await world.client.complained(key, first) is Heard.NEW
    leaves = world.count("leaves")
    assert await world.client.complained(key, first) is Heard.AGAIN
    assert await world.client.complained(key, first + DAY) is Heard.AGAIN
    assert world.count("leaves") == leaves
    world.clock.pass_(30 * DAY)
    await world.join("anna@kafija.example")
    for at in (None, first, world.clock.now):
        assert await world.client.complained(key, at) is Heard.AGAIN
    assert await reasons(world, world.ask(anna)) == [None]
    assert await world.client.complained(key, world.clock.now + 1) is Heard.NEW
    assert await reasons(world, world.ask(anna)) == [Reason.COMPLAINED]
    assert await world.client.bounced(key, "hard") is Heard.NEW


@pytest.mark.parametrize("state", ["never", "denied"])
async def test_an_unknown_key_is_said_to_be_unknown(world, state):
    """One that was never seen, and one of a mail that was denied and so never went."""
    anna = await world.subject("anna@kafija.example")
    ask = world.ask(anna, key="" if state == "denied" else UNKNOWN)
    if state == "denied":
        await world.client.claim("engine", [ask], [])
    leaves = world.count("leaves")
    assert await world.client.complained(ask.key) is Heard.UNKNOWN
    assert await world.client.bounced(ask.key, "hard") is Heard.UNKNOWN
    assert await world.client.bounced(ask.key, "soft") is Heard.UNKNOWN
    assert world.count("leaves") == leaves


async def test_soft_bounces_are_recorded_and_stop_nothing(world):
    """Three in a row neither."""
    anna = await world.join("anna@kafija.example")
    for _ in range(3):
        assert await world.client.bounced(await mailed(world, anna), "soft") is Heard.NEW
    assert world.types().count("bounced.soft") == 3
    assert await reasons(world, world.ask(anna)) == [None]
    with pytest.raises(ValueError, match="not medium"):
        await world.client.bounced(UNKNOWN, "medium")


@pytest.mark.parametrize("about", ["proof", "news"])
async def test_a_complaint_begins_the_longest_pause(world, about):
    """Whoever enters the address again brings them no mail for a month, whether they ever asked or not."""
    await world.sign_up("anna@kafija.example")
    [proof] = await world.client.proofs()
    [(confirm, _)] = await world.mail_proofs()
    key = proof.ask.key
    if about == "news":
        key = await mailed(world, (await world.client.confirm(confirm, Visit())).subject)
    assert await world.client.complained(key) is Heard.NEW
    for days in (8, 21):
        world.clock.pass_(days * DAY)
        await world.sign_up("anna@kafija.example")
        assert await world.client.proofs() == []
    world.clock.pass_(2 * DAY)
    await world.sign_up("anna@kafija.example")
    assert len(await world.client.proofs()) == 1


@pytest.mark.parametrize(
    ("outcome", "heard"),
    [
        (Outcome.RELEASED, Heard.UNKNOWN),
        (Outcome.REFUSED, Heard.UNKNOWN),
        (Outcome.UNKNOWN, Heard.NEW),
        (Outcome.ACCEPTED, Heard.NEW),
    ],
)
@pytest.mark.parametrize("kind", ["complaint", "bounced.hard"])
async def test_nobody_is_silenced_by_a_mail_that_never_arrived(world, outcome, heard, kind):
    """A report about it is about something else; what may have arrived counts."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    await world.send(ask, outcome=outcome)
    assert await tell(world, kind, ask.key) is heard
    assert (await reasons(world, world.ask(anna)) == [None]) is (heard is Heard.UNKNOWN)


async def test_a_flow_takes_nothing_that_was_not_agreed_to(world):
    """No withdrawal is written for those who never agreed, and a wish that waits can still be confirmed."""
    anna = await world.join("anna@kafija.example")
    await world.sign_up("bob@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    bob = await world.subject("bob@kafija.example")
    leaves = world.count("leaves")
    assert await world.client.withdraw_by_flow(anna, "offers", "win_back", "a" * 32) is Heard.NEW
    assert await world.client.withdraw_by_flow(bob, "", "win_back", "b" * 32) is Heard.NEW
    assert world.count("leaves") == leaves
    assert await reasons(world, world.ask(anna, "offers")) == [Reason.NEVER_ASKED]
    assert (await world.client.confirm(confirm, Visit())).topics == ("newsletter",)


async def test_a_flow_takes_no_consent_that_is_younger_than_its_word(world):
    """What waited while someone confirmed anew is late; it counts where a clock that is a minute behind may
    have told its moment."""
    anna = await world.join("anna@kafija.example")
    joined = world.clock.now
    told = (anna, "newsletter", "win_back")
    assert await world.client.withdraw_by_flow(*told, "a" * 32, joined - 60_001) is Heard.NEW
    assert await reasons(world, world.ask(anna)) == [None]
    assert await world.client.withdraw_by_flow(*told, "b" * 32, joined - 60_000) is Heard.NEW
    assert await reasons(world, world.ask(anna)) == [Reason.WITHDRAWN]


async def test_a_flow_withdraws_once_with_its_name_as_actor(world):
    """A repeat after a new confirmation must not withdraw again."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    told = (anna, "newsletter", "win_back", "a" * 32)
    assert await world.client.withdraw_by_flow(*told) is Heard.NEW
    assert await reasons(world, world.ask(anna), world.ask(anna, "offers")) == [Reason.WITHDRAWN, None]
    with world.service.store.reader.begin():
        body = world.service.store.reader.exec_driver_sql("SELECT body FROM leaves ORDER BY seq DESC LIMIT 1")
        assert json.loads(body.scalar_one())["actor"] == "flow:win_back"
    await world.join("anna@kafija.example")
    assert await world.client.withdraw_by_flow(*told) is Heard.AGAIN
    assert await reasons(world, world.ask(anna)) == [None]
    assert await world.client.withdraw_by_flow(UNKNOWN, "newsletter", "win_back", "b" * 32) is Heard.UNKNOWN
    assert await world.client.withdraw_by_flow(anna, "", "win_back", "c" * 32) is Heard.NEW
    assert set(await reasons(world, world.ask(anna), world.ask(anna, "offers"))) == {Reason.WITHDRAWN}
    assert verified(world)


# ------------------------------------------------------------------ backups


@pytest.mark.parametrize("kind", ["complaint", "bounced.hard", "flow"])
async def test_each_stop_stands_outside_the_database_before_it_commits(open_world, place, stops, kind):
    """With the subject, the topic (none: all), the leaf's type and the time."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example")
    key = await mailed(world, anna)
    if kind == "flow":
        await world.client.withdraw_by_flow(anna, "newsletter", "win_back", "a" * 32)
    else:
        await tell(world, kind, key)
    lines = stops.read_text().split("\n")
    topic, type_ = ("newsletter", "withdrawn") if kind == "flow" else ("", kind)
    [stop] = [json.loads(line) for line in lines if line]
    assert (stop["subject"], stop["topic"], stop["type"]) == (anna, topic, type_)
    assert stop["at"] == world.clock.now


@pytest.mark.parametrize("kind", ["complaint", "bounced.hard"])
async def test_a_restored_backup_knows_of_it(open_world, place, kind):
    """The whole address is stopped again, once and as it was; what is confirmed afterwards stays, also at the
    next start."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    world.clock.pass_(1000)
    world.lose(anna, "", kind)
    stopped = dict(STOPS)[kind]
    for expected in ([stopped] * 2, [stopped, None]):
        world.service.close()
        world.clock.pass_(60_000)
        world = open_world(place, clock=world.clock, durable=True, seed=f"again {world.clock.now}")
        assert await reasons(world, world.ask(anna), world.ask(anna, "offers")) == expected
        if expected[1]:
            world.clock.pass_(30 * DAY)
            await world.join("anna@kafija.example", "offers")
    assert world.types().count(kind) == 1
    assert verified(world)


@pytest.mark.parametrize("kind", ["complaint", "bounced.hard"])
async def test_what_the_log_knows_is_not_made_up_for(open_world, place, kind):
    """An ordinary restart adds no leaf, and the reason stays what it was."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example")
    await tell(world, kind, await mailed(world, anna))
    leaves = world.count("leaves")
    world.service.close()
    world = open_world(place, clock=world.clock, durable=True, seed="again")
    assert world.count("leaves") == leaves
    assert await reasons(world, world.ask(anna, key="f" * 32)) == [dict(STOPS)[kind]]


async def test_a_mail_that_is_on_its_way_can_still_be_settled(world):
    """Reports come while other mails are in the air."""
    anna = await world.join("anna@kafija.example")
    key = await mailed(world, anna)
    claimed = await world.client.claim("engine", [world.ask(anna)], [])
    await world.client.complained(key)
    [permit] = claimed.permits
    await world.client.settle("engine", [world.settled(permit, Outcome.RELEASED, 0)])
    assert await world.client.unsettled("engine") == []
