"""The way out of a doubt: the store follows the log again, and nothing is revived by it."""

import pytest
from sqlalchemy import delete, select, update
from tampered import Export
from test_scrub import ANNA, COLUMNS, DAY, anna, found, plant  # noqa: F401 - a fixture

from consent.contract import Heard, Reason, Visit
from consent.ledger.doubts import all_doubts
from consent.store.tables import evidence, leaves, nodes, standings, subjects

pytestmark = pytest.mark.anyio
BEYOND = ("address", "wrapped", "lookup")


async def resolve(world, subject):
    """An operator says that it is to be put right."""
    return await world.client.record(subject, "doubt.resolved", "operator")


def in_order(world, tmp_path):
    """Nothing differs, nobody is in doubt, and both verifiers take the log."""
    assert found(world) == []
    assert world.service.read(all_doubts) == {}
    export = Export(world)
    assert export.failure() is None
    assert not export.second(tmp_path)


async def may(world, subject, topic="newsletter"):
    """Why marketing is denied; None: it may go."""
    [decision] = await world.client.decide([world.ask(subject, topic)])
    return decision.reason


@pytest.mark.parametrize("column", [one for one in COLUMNS if one not in BEYOND])
async def test_a_column_that_was_changed_is_as_the_leaves_have_it(world, anna, tmp_path, column):  # noqa: F811
    """And the log still holds."""
    plant(world, update(subjects).where(subjects.c.id == anna).values({column: COLUMNS[column]}))
    assert await resolve(world, anna) is Heard.NEW
    in_order(world, tmp_path)
    assert await resolve(world, anna) is Heard.AGAIN


@pytest.mark.parametrize("state", ["active", "none", "stale", "soft_active", "pending"])
async def test_a_withdrawal_that_was_undone_in_the_store_is_one_again(world, anna, tmp_path, state):  # noqa: F811
    """And it is no operator's to undo."""
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    plant(world, update(standings).where(standings.c.subject == anna).values(state=state))
    assert await resolve(world, anna) is Heard.NEW
    in_order(world, tmp_path)
    assert await may(world, anna) is Reason.WITHDRAWN


@pytest.mark.parametrize("state", ["withdrawn", "objected", "refused", "none"])
async def test_what_the_store_had_stopped_alone_is_withdrawn_in_the_log_too(world, tmp_path, state):
    """Nobody knows whether somebody said so: only a fresh confirmation leads back."""
    berta = await world.join("berta@kafija.example")
    plant(world, update(standings).where(standings.c.subject == berta).values(state=state))
    assert await resolve(world, berta) is Heard.NEW
    in_order(world, tmp_path)
    assert await may(world, berta) is Reason.WITHDRAWN
    world.clock.pass_(40 * DAY)
    await world.join("berta@kafija.example")
    assert await may(world, berta) is None
    in_order(world, tmp_path)


async def test_a_complaint_or_a_restriction_that_the_store_alone_has_stays_one(world, tmp_path):
    """By a leaf of its own."""
    berta = await world.join("berta@kafija.example")
    plant(world, update(subjects).where(subjects.c.id == berta).values(complained=900, restricted=901))
    assert await resolve(world, berta) is Heard.NEW
    in_order(world, tmp_path)
    assert await may(world, berta) is Reason.RESTRICTED
    assert "objected.marketing" in world.types()


async def test_a_standing_that_is_right_goes_on(world, tmp_path):
    """What was changed beside it, as the count of stops, is put right, and nobody need confirm anew."""
    berta = await world.join("berta@kafija.example")
    plant(world, update(subjects).where(subjects.c.id == berta).values(epoch=9))
    assert await resolve(world, berta) is Heard.NEW
    in_order(world, tmp_path)
    assert await may(world, berta) is None


async def test_a_consent_of_which_the_evidence_is_lost_is_withdrawn(world, tmp_path):
    """What nobody can prove is not gone by."""
    berta = await world.join("berta@kafija.example")
    plant(world, update(evidence).where(evidence.c.subject == berta).values(sealed=b"\0" * 60))
    assert await resolve(world, berta) is Heard.NEW
    in_order(world, tmp_path)
    assert await may(world, berta) is Reason.WITHDRAWN
    assert "evidence.lost" in world.types()


@pytest.mark.parametrize("column", BEYOND)
async def test_what_nobody_can_open_is_not_resolved(world, anna, column):  # noqa: F811
    """A backup has it."""
    plant(world, update(subjects).where(subjects.c.id == anna).values({column: COLUMNS[column]}))
    with pytest.raises(ValueError, match="put a backup back"):
        await resolve(world, anna)


async def test_a_log_that_was_changed_is_not_followed(world, anna):  # noqa: F811
    """Neither where a leaf is gone nor where its hash is another, once the scrub has noted it."""
    seq = world.service.read(lambda reading: first_request(reading, anna))
    plant(world, delete(leaves).where(leaves.c.seq == seq), delete(nodes).where(nodes.c.index == seq))
    with pytest.raises(ValueError, match="put a backup back"):
        await resolve(world, anna)


def first_request(reading, subject):
    """Where somebody first asked for something."""
    query = select(leaves.c.seq).where(leaves.c.subject == subject, leaves.c.type == "requested")
    return reading.conn.scalars(query.order_by(leaves.c.seq)).first()


async def test_a_press_that_meets_a_planted_row_leaves_a_log_that_holds(world, tmp_path):
    """Whoever is in doubt unsubscribes: the leaf follows the last one, and not the row."""
    berta = await world.join("berta@kafija.example", "newsletter", "offers")
    await world.client.withdraw(world.unsubscribe_token(berta, "offers"), "page", False, Visit())
    plant(world, update(standings).where(standings.c.subject == berta).values(state="soft_active", facts=15))
    await world.client.withdraw(world.unsubscribe_token(berta), "page", True, Visit())
    assert Export(world).failure() is None
    assert set(world.service.read(all_doubts)) == {berta}
    assert await resolve(world, berta) is Heard.NEW
    in_order(world, tmp_path)


async def test_nobody_else_can_be_resolved(world):
    """Nor anybody who is in order."""
    assert await resolve(world, "0" * 32) is Heard.UNKNOWN
    assert await resolve(world, await world.join(ANNA)) is Heard.AGAIN
