"""The scrub: whatever single row of a person or of the log was changed, it is found, noted, and denied."""

import json
from functools import partial

import pytest
from sqlalchemy import delete, insert, select, update
from test_beside_topics import with_purpose

from consent.contract import Frequency, MailClass, Reason, Visit
from consent.ledger.doubts import all_doubts
from consent.store.tables import erasures, evidence, leaves, nodes, standings, subjects
from consent.timed.scrub import VISITS, begin, look, look_through, place_of

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"
DAY = 86_400_000


def plant(world, *statements):
    """What somebody with the database does."""
    for statement in statements:
        world.service.write(lambda tx, one=statement: tx.conn.execute(one))


def found(world):
    """Whom a whole round finds, and what differs."""
    return world.service.read(look_through)


@pytest.fixture
async def anna(world):
    """Somebody with a past: a break, a complaint, a way back, a withdrawal, evidence with an IP address."""
    await with_purpose(world)
    subject = await world.join(ANNA, "newsletter", "offers")
    ask = world.ask(subject)
    await world.send(ask)
    await world.client.complained(ask.key)
    world.clock.pass_(40 * DAY)
    await world.join(ANNA, "newsletter")
    await world.client.choose(
        world.preferences_token(subject), ["newsletter"], "en", Visit("192.0.2.7"), Frequency.MONTHLY, 30
    )
    await world.client.bounced(ask.key, "soft")
    assert found(world) == []
    return subject


COLUMNS = {
    "epoch": 0,
    "confirmed": 10_000,
    "complained": 0,
    "bounced": 7,
    "objected": 9,
    "restricted": 3,
    "moved": 1,
    "frequency": "",
    "paused_until": 0,
    "address": b"\0" * 40,
    "wrapped": b"\0" * 40,
    "lookup": b"\0" * 32,
}


@pytest.mark.parametrize("column", COLUMNS)
async def test_each_column_of_a_person_on_which_a_mail_may_depend_is_told_anew(world, anna, column):
    """From their leaves, their evidence or their keys."""
    plant(world, update(subjects).where(subjects.c.id == anna).values({column: COLUMNS[column]}))
    assert anna in {subject for subject, _ in found(world)}


@pytest.mark.parametrize("topic", ["newsletter", "offers"])
@pytest.mark.parametrize(
    "columns",
    [{"state": "pending"}, {"seq": 1}, {"version": "0" * 64}, {"at": 5}, {"expires": 5}, {"facts": 1}],
)
async def test_each_column_of_a_standing_is_told_anew(world, anna, topic, columns):
    """Whether they get its mails or not."""
    one = (standings.c.subject == anna, standings.c.topic == topic)
    plant(world, update(standings).where(*one).values(columns))
    assert found(world) == [(anna, f"standing {topic}")]


async def test_a_standing_that_is_gone_and_one_that_never_was_are_found(world, anna):
    """A withdrawal that is deleted would let a sale bring them back."""
    row = {"state": "active", "seq": 5, "version": "0" * 64, "at": 0, "expires": 0, "facts": 0, "asked": ""}
    plant(
        world,
        delete(standings).where(standings.c.subject == anna, standings.c.topic == "offers"),
        insert(standings).values(subject=anna, topic="personalisation", **row),
    )
    assert found(world) == [(anna, "standing offers"), (anna, "standing personalisation")]


def of_leaf(world, subject, kind):
    """The positions of a person's leaves of a type."""
    query = select(leaves.c.seq).where(leaves.c.subject == subject, leaves.c.type == kind)
    return list(world.service.read(lambda reading: reading.conn.scalars(query).all()))


@pytest.mark.parametrize("column", ["sealed", "ip", "at", "row", "whole", "commitment", "subject"])
async def test_evidence_that_was_changed_in_any_column_is_found(world, anna, column):
    """It is opened, and its commitment computed anew."""
    one = select(evidence.c.commitment).where(evidence.c.subject == anna, evidence.c.ip != b"").limit(1)
    commitment = world.service.read(lambda reading: reading.conn.scalar(one))
    values = {"sealed": b"", "ip": b"", "at": 1, "row": "0" * 32, "whole": False, "commitment": "0" * 64}
    values["subject"] = "0" * 32
    plant(world, update(evidence).where(evidence.c.commitment == commitment).values({column: values[column]}))
    assert {subject for subject, _ in found(world)} == {anna}
    assert all(what.startswith("evidence ") for _, what in found(world))


async def test_evidence_that_is_gone_is_found(world, anna):
    """Nothing in the log says that its time was over."""
    plant(world, delete(evidence).where(evidence.c.subject == anna))
    assert {subject for subject, _ in found(world)} == {anna}


async def test_evidence_of_whoever_became_part_of_somebody_is_missed_too(world, anna):
    """It went over to the one who stayed."""
    berta = await world.join("berta@kafija.example")
    await world.client.merge(anna, berta, "operator")
    assert found(world) == []
    [seq] = of_leaf(world, berta, "confirmed")
    body = world.service.read(
        lambda reading: reading.conn.scalar(select(leaves.c.body).where(leaves.c.seq == seq))
    )
    commitment = json.loads(body)["evidence"]
    plant(world, delete(evidence).where(evidence.c.commitment == commitment))
    assert found(world) == [(anna, f"evidence {commitment}")]


@pytest.mark.parametrize(
    "values",
    [{"body": b"{}"}, {"type": "confirmed"}, {"purpose": "offers"}, {"at": 1}, {"subject": "0" * 32}],
)
async def test_a_leaf_that_was_changed_is_found(world, anna, values):
    """Its bytes no longer give the hash in the tree, or its row says what they do not."""
    [seq] = of_leaf(world, anna, "complaint")
    plant(world, update(leaves).where(leaves.c.seq == seq).values(values))
    assert f"leaf {seq}" in {what for _, what in found(world)}


async def test_a_leaf_or_a_hash_that_is_gone_is_found(world, anna):
    """Each position has both."""
    [seq] = of_leaf(world, anna, "complaint")
    plant(world, delete(nodes).where(nodes.c.level == 0, nodes.c.index == seq))
    assert (anna, f"leaf {seq}") in found(world)
    plant(world, delete(leaves).where(leaves.c.seq == seq))
    assert ("", f"leaf {seq}") in found(world)


async def test_a_complete_subtree_with_another_hash_is_found(world, anna):
    """What checkpoints are made of."""
    for _ in range(3):
        await world.client.alive([(anna, world.clock.now)])
    world.service.write(fill_up)
    assert found(world) == []
    plant(world, update(nodes).where(nodes.c.level == 8, nodes.c.index == 0).values(hash=b"\0" * 32))
    assert found(world) == [("", "tree 0")]


def fill_up(tx):
    """Leaves about nobody, until there is a complete subtree of 256."""
    from consent.proof.leaf import Leaf

    while tx.log.frontier.size < 300:
        tx.log.append(Leaf(type="key.noted"))


async def test_people_who_are_gone_without_a_word_are_found(world, anna):
    """Somebody who complained, and whom a list could bring again; and somebody who was erased."""
    berta = await world.join("berta@kafija.example")
    await world.client.erase(berta, "operator")
    assert found(world) == []
    plant(world, delete(subjects).where(subjects.c.id == anna), delete(erasures))
    assert {(anna, "subject"), (berta, "subject")} <= set(found(world))


async def test_somebody_who_was_erased_and_is_there_again_is_found(world, anna):
    """By whatever hand."""
    query = select(subjects).where(subjects.c.id == anna)
    row = world.service.read(lambda reading: reading.conn.execute(query).one()._mapping)
    await world.client.erase(anna, "operator")
    plant(world, insert(subjects).values(**row))
    assert (anna, "ended") in found(world)


async def test_what_time_forgot_of_two_who_became_one_is_missed_by_nobody(world):
    """Their proof went by a leaf of the one who stayed."""
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await world.client.merge(berta, anna, "operator")
    await world.client.withdraw(world.unsubscribe_token(berta), "page", True, Visit())
    world.clock.pass_(1200 * DAY)
    while (await world.client.keep_times()).more:
        pass
    assert "proof.purged" in world.types()
    assert found(world) == []


async def test_what_is_found_is_noted_by_and_by_and_gets_no_marketing(world, anna):
    """`keep_times` goes on with it at each visit, and gets round; orders are told of, and they may stop."""
    berta = await world.join("berta@kafija.example")
    plant(world, update(subjects).where(subjects.c.id == berta).values(epoch=9))
    assert (await world.client.claim("engine", [world.ask(berta)], [])).permits
    await world.client.settle("engine", [])
    visits = 0
    while not (world.service.read(lambda reading: place_of(reading)).over):
        await world.client.keep_times()
        visits += 1
    assert visits <= VISITS + 1
    assert world.service.read(all_doubts) == {berta: ["epoch"]}


async def test_the_gate_denies_marketing_to_whom_it_found_and_nothing_else(world):
    """Mail about orders goes, and mail that asks to confirm; and whoever is in doubt may stop."""
    anna = await world.join(ANNA)
    plant(world, update(subjects).where(subjects.c.id == anna).values(confirmed=10_000))
    while not world.service.read(all_doubts):
        await world.client.keep_times()
    [marketing] = (await world.client.claim("engine", [world.ask(anna)], [])).denied
    assert marketing.reason is Reason.NOT_AS_LOGGED
    service = world.ask(anna, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="order-1")
    assert (await world.send(service)).permits
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    world.clock.pass_(40 * DAY)
    await world.sign_up(ANNA)
    assert await world.mail_proofs()


async def test_a_withdrawal_that_was_given_to_somebody_else_denies_marketing_to_everybody(world):
    """Whoever left is there as if they never had, and their leaf is said to be another's. Its bytes are not
    those of the tree: nobody knows of whom it tells, and so nobody is mailed."""
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")
    kept = world.service.read(
        lambda reading: reading.conn.execute(select(standings).where(standings.c.subject == anna)).one()
    )
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    [seq] = of_leaf(world, anna, "withdrawn")
    body = world.service.read(
        lambda reading: reading.conn.scalar(select(leaves.c.body).where(leaves.c.seq == seq))
    )
    other = "0" * 32
    changed = bytes(body).replace(anna.encode(), other.encode())
    plant(
        world,
        update(leaves).where(leaves.c.seq == seq).values(body=changed, subject=other),
        update(standings).where(standings.c.subject == anna).values(**kept._mapping),
        update(subjects).where(subjects.c.id == anna).values(epoch=0),
    )
    for _ in range(VISITS + 1):
        await world.client.keep_times()
    assert ("", f"leaf {seq}") in found(world)
    denied = (await world.client.claim("engine", [world.ask(anna), world.ask(berta)], [])).denied
    assert [one.reason for one in denied] == [Reason.NOT_AS_LOGGED] * 2


async def test_a_visit_is_done_in_small_parts(world):
    """Whoever reads meanwhile waits for one of them at most."""
    for number in range(60):
        await world.join(f"person{number}@kafija.example")
    place, visit = world.service.read(lambda reading: begin(reading, 1))
    parts, seen = 0, world.service.read(lambda reading: look(reading, place, visit))
    while not seen.over:
        behind = seen.place
        seen = world.service.read(partial(look_from, behind, visit))
        assert seen.place.leaf - behind.leaf <= 256
        parts += 1
    assert parts > 3


def look_from(place, visit, reading):
    """The next part."""
    return look(reading, place, visit)
