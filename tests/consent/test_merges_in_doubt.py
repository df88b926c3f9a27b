"""Two become one while the store says what the log does not: no withdrawal is lost, and no doubt is washed
out."""

import pytest
from sqlalchemy import delete, insert, select, update
from test_scrub import ANNA, found, plant

from consent.contract import Reason, Visit
from consent.ledger.doubts import all_doubts, doubt
from consent.store.tables import leaves, standings, subjects

pytestmark = pytest.mark.anyio
BERTA = "berta@kafija.example"


async def reason(world, subject):
    """Why a marketing mail to somebody does not go."""
    [decision] = await world.client.decide([world.ask(subject)])
    return decision.reason


def stand_again(world, subject, rows):
    """Put the standings of somebody back, as they were before."""
    plant(
        world,
        delete(standings).where(standings.c.subject == subject),
        *(insert(standings).values(**row) for row in rows),
    )


def rows_of(world, subject):
    """The standings of somebody, to be put back."""
    query = select(standings).where(standings.c.subject == subject)
    return world.service.read(lambda reading: [row._asdict() for row in reading.conn.execute(query).all()])


@pytest.fixture
async def anna(world):
    """Somebody who gets the newsletter."""
    return await world.join(ANNA)


@pytest.fixture
async def berta(world):
    """Somebody who left it, of whom the row says they had not; nobody has looked yet."""
    subject = await world.join(BERTA)
    before = rows_of(world, subject)
    await world.client.withdraw(world.unsubscribe_token(subject), "page", True, Visit())
    stand_again(world, subject, before)
    return subject


async def test_a_withdrawal_that_a_row_hides_goes_over_by_its_leaf(world, anna, berta):
    """Whoever stays has left it too, is in doubt, and gets nothing once that is resolved."""
    await world.client.merge(anna, berta, "shop")
    assert "standing newsletter" in world.service.read(all_doubts)[anna]
    assert await reason(world, anna) is Reason.NOT_AS_LOGGED
    await world.client.record(anna, "doubt.resolved", "operator")
    assert found(world) == []
    assert await reason(world, anna) is Reason.WITHDRAWN


async def test_a_changed_address_loses_no_withdrawal_that_a_row_hides(world, anna, berta):
    """It is a merge too: whoever had the new address had left."""
    await world.client.ask_to_move(world.preferences_token(anna), BERTA, Visit())
    for confirm, _ in await world.mail_proofs():
        if confirm:
            await world.client.confirm(confirm, Visit())
    assert world.count("subjects") == 1
    assert "standing newsletter" in world.service.read(all_doubts)[anna]
    await world.client.record(anna, "doubt.resolved", "operator")
    assert await reason(world, anna) is Reason.WITHDRAWN


async def test_what_the_one_who_stays_had_left_is_not_lost_either(world, anna, berta):
    """Their own row hides it."""
    await world.client.merge(berta, anna, "operator")
    assert "standing newsletter" in world.service.read(all_doubts)[berta]
    assert await reason(world, berta) is not None
    await world.client.record(berta, "doubt.resolved", "operator")
    assert await reason(world, berta) is Reason.WITHDRAWN
    assert found(world) == []


@pytest.mark.parametrize("column", ["complained", "objected", "restricted"])
async def test_a_stop_of_the_whole_address_that_a_row_hides_goes_over(world, anna, column):
    """A complaint, an objection to all marketing, a restriction."""
    berta = await world.join(BERTA)
    if column == "complained":
        ask = world.ask(berta)
        await world.send(ask)
        await world.client.complained(ask.key)
    else:
        word = {"objected": "objected.marketing", "restricted": "restricted"}[column]
        await world.client.record(berta, word, "operator")
    plant(world, update(subjects).where(subjects.c.id == berta).values({column: 0}))
    await world.client.merge(anna, berta, "shop")
    assert column in world.service.read(all_doubts)[anna]
    await world.client.record(anna, "doubt.resolved", "operator")
    assert await reason(world, anna) not in (None, Reason.NOT_AS_LOGGED)
    assert found(world) == []


async def test_a_merge_washes_no_doubt_out(world, anna):
    """Also one that was noted before, though nothing differs any more."""
    berta = await world.join(BERTA)
    world.service.write(lambda tx: doubt(tx, [(berta, "confirmed")]))
    await world.client.merge(anna, berta, "shop")
    assert await reason(world, anna) is Reason.NOT_AS_LOGGED
    assert world.service.read(all_doubts) == {anna: ["confirmed"]}


async def test_a_stop_of_a_part_that_the_whole_never_took_over_is_found_and_made_up_for(world, anna):
    """Its leaf was hidden while the two became one."""
    berta = await world.join(BERTA)
    before = rows_of(world, berta)
    await world.client.withdraw(world.unsubscribe_token(berta), "page", False, Visit())
    stand_again(world, berta, before)
    hidden = (leaves.c.subject == berta, leaves.c.type == "withdrawn")
    [seq] = world.service.read(
        lambda reading: reading.conn.scalars(select(leaves.c.seq).where(*hidden)).all()
    )
    plant(world, update(leaves).where(leaves.c.seq == seq).values(subject="0" * 32))
    plant(world, update(subjects).where(subjects.c.id == berta).values(epoch=0))
    await world.client.merge(anna, berta, "shop")
    assert await reason(world, anna) is None
    plant(world, update(leaves).where(leaves.c.seq == seq).values(subject=berta))
    assert found(world) == [(anna, "merged newsletter")]
    await world.client.record(anna, "doubt.resolved", "operator")
    assert await reason(world, anna) is Reason.WITHDRAWN
    assert found(world) == []
