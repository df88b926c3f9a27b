"""Whoever holds the database may write another standing, but no leaf for it: the claim looks."""

import pytest
from sqlalchemy import delete, update
from test_beside_topics import with_purpose

from consent.contract import MailClass, Reason, Visit
from consent.ledger.doubts import all_doubts
from consent.ledger.subjects import load
from consent.store.tables import leaves, standings, subjects

pytestmark = pytest.mark.anyio


def plant(world, statement):
    """What somebody with the database does."""
    world.service.write(lambda tx: tx.conn.execute(statement))


def load_one(reading, subject):
    """A person as the store has them."""
    return load(reading, [subject])[subject]


def stands(subject, topic="newsletter", **columns):
    """Another standing of one person with one topic."""
    where = (standings.c.subject == subject, standings.c.topic == topic)
    return update(standings).where(*where).values(**columns)


async def told(world, *asks):
    """Why the mails are denied when they are planned, and when they are claimed."""
    decided = [one.reason for one in await world.client.decide(asks)]
    claimed = await world.client.claim("engine", asks, [])
    assert decided == [one.reason for one in claimed.denied]
    return decided


async def test_a_withdrawal_that_is_made_a_consent_again_lets_nothing_go(world):
    """The leaf at which the row points says `withdrawn`; a leaf of before is not where they stand."""
    anna = await world.join("anna@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    assert await told(world, world.ask(anna)) == [Reason.WITHDRAWN]
    plant(world, stands(anna, state="active"))
    assert await told(world, world.ask(anna)) == [Reason.NOT_AS_LOGGED]


@pytest.mark.parametrize(
    "columns",
    [
        {"seq": 1},
        {"seq": 10_000},
        {"version": "0" * 64},
        {"expires": 9},
        {"facts": 15},
        {"state": "soft_active"},
    ],
)
async def test_a_standing_in_which_one_column_was_changed_lets_nothing_go(world, columns):
    """Each column on which a permit rests is that of the leaf."""
    anna = await world.join("anna@kafija.example")
    plant(world, stands(anna, **columns))
    assert await told(world, world.ask(anna)) == [Reason.NOT_AS_LOGGED]


async def test_somebody_else_s_leaf_is_no_consent(world):
    """Nor one about another topic."""
    anna = await world.join("anna@kafija.example")
    berta = await world.join("berta@kafija.example", "newsletter", "offers")
    hers = world.service.read(lambda reading: load_one(reading, berta)).standings
    plant(world, stands(anna, seq=hers["newsletter"].seq))
    plant(world, stands(berta, seq=hers["offers"].seq))
    assert await told(world, world.ask(anna), world.ask(berta)) == [Reason.NOT_AS_LOGGED] * 2


async def test_a_leaf_that_is_gone_bears_nothing(world):
    """And neither do bytes that are no leaf."""
    anna = await world.join("anna@kafija.example")
    berta = await world.join("berta@kafija.example")
    seq = {
        one: world.service.read(lambda reading, one=one: load_one(reading, one)).standings
        for one in (anna, berta)
    }
    plant(world, delete(leaves).where(leaves.c.seq == seq[anna]["newsletter"].seq))
    plant(world, update(leaves).where(leaves.c.seq == seq[berta]["newsletter"].seq).values(body=b"{}"))
    assert await told(world, world.ask(anna), world.ask(berta)) == [Reason.NOT_AS_LOGGED] * 2


async def test_a_claim_notes_whom_it_found_and_nothing_goes_to_them_once_the_row_is_put_back(world):
    """It is not forgotten that somebody was at it."""
    anna = await world.join("anna@kafija.example")
    plant(world, stands(anna, seq=1))
    assert await told(world, world.ask(anna)) == [Reason.NOT_AS_LOGGED]
    was = world.service.read(lambda reading: all_doubts(reading))
    assert list(was) == [anna]
    last = world.service.read(lambda reading: load_one(reading, anna).confirmed)
    plant(world, stands(anna, seq=last))
    assert await told(world, world.ask(anna)) == [Reason.NOT_AS_LOGGED]


async def test_nobody_else_is_held_up_and_service_mail_goes(world):
    """One person's rows are one person's."""
    anna = await world.join("anna@kafija.example")
    berta = await world.join("berta@kafija.example")
    plant(world, stands(anna, version="0" * 64))
    service = world.ask(anna, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="order-1")
    claimed = await world.client.claim("engine", [world.ask(anna), world.ask(berta), service], [])
    assert {permit.subject for permit in claimed.permits} == {anna, berta}
    assert [one.reason for one in claimed.denied] == [Reason.NOT_AS_LOGGED]


async def test_personalisation_that_was_planted_denies_too(world):
    """What a mail may draw on rests on leaves like everything else."""
    await with_purpose(world)
    anna = await world.join("anna@kafija.example", "newsletter", "personalisation")
    plant(world, stands(anna, "personalisation", version="0" * 64))
    assert await told(world, world.ask(anna)) == [Reason.NOT_AS_LOGGED]


async def test_whoever_is_in_doubt_can_stop_everything(world):
    """And is asked to confirm, if they want."""
    anna = await world.join("anna@kafija.example")
    plant(world, update(subjects).where(subjects.c.id == anna).values(confirmed=10_000))
    plant(world, stands(anna, version="0" * 64))
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await world.sign_up("anna@kafija.example")
    assert len(await world.mail_proofs()) == 1
