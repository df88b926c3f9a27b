"""A full disk under the consent store: nothing is shown as done that is not, and no stop is forgotten."""

import contextlib
import resource

import pytest

from consent.contract import Outcome, Settlement, Unavailable, Visit
from consent.store.statement import driver_of
from consent.store.stops import read_stops

pytestmark = pytest.mark.anyio
MUCH = 1 << 30


@pytest.fixture
def world(open_world, tmp_path):
    """A durable store."""
    return open_world(tmp_path / "consent.db", durable=True)


def grow_to(world, pages):
    """Let the store have so many pages; 1: no more than it has."""
    driver_of(world.service.store.writer).execute(f"PRAGMA max_page_count={pages}").fetchall()


@contextlib.contextmanager
def no_room_in_the_log(tmp_path):
    """No file grows beyond the write-ahead log as it is, which every commit adds to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "consent.db-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_withdrawal_that_finds_no_room_holds_once_there_is_some(world, tmp_path):
    """Its line stands outside the store before the commit fails. It is answered with a failure, and in force
    before anything else is written; who repeats it withdraws once."""
    anna = await world.join("anna@kafija.example")
    token = world.unsubscribe_token(anna)
    with no_room_in_the_log(tmp_path):
        with pytest.raises(Unavailable, match="disk I/O error"):
            await world.client.withdraw(token, "page", False, Visit())
        assert [stop.subject for stop in read_stops(tmp_path / "consent.db.stops")] == [anna]
        assert "disk I/O error" in world.client.shut
        with pytest.raises(Unavailable):
            await world.client.claim("engine", [world.ask(anna)], [])
    claimed = await world.client.claim("engine", [world.ask(anna)], [])
    assert claimed.permits == ()
    assert world.client.shut == ""
    await world.client.withdraw(token, "page", False, Visit())
    changes = await world.client.changes(0)
    assert [change.type for change in changes if change.subject == anna] == ["confirmed", "withdrawn"]


async def test_the_next_life_makes_up_for_it_too(world, open_world, tmp_path):
    """Also when the process ends before there is room."""
    anna = await world.join("anna@kafija.example")
    with no_room_in_the_log(tmp_path), pytest.raises(Unavailable):
        await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    world.service.close()
    again = open_world(tmp_path / "consent.db", clock=world.clock, durable=True, seed="again")
    [decision] = await again.client.decide([again.ask(anna)])
    assert not decision.allowed


async def fill_up(world, people):
    """Claim and give back until there is no room for more."""
    while True:
        claimed = await world.client.claim("engine", [world.ask(person) for person in people], [])
        ended = [Settlement(one.key, 1, Outcome.RELEASED) for one in claimed.permits]
        await world.client.settle("engine", ended)


@pytest.mark.parametrize("way", ["pages", "log"])
async def test_no_permit_is_given_out_that_is_not_recorded(world, tmp_path, way):
    """The claim fails whole, and is made anew as the same attempt, with room."""
    people = [await world.join(f"p{number}@kafija.example") for number in range(40)]
    asks = [world.ask(person) for person in people]
    if way == "log":
        with no_room_in_the_log(tmp_path), pytest.raises(Unavailable):
            await world.client.claim("engine", asks, [])
    else:
        grow_to(world, 1)
        with pytest.raises(Unavailable, match="database or disk is full"):
            await fill_up(world, people)
        grow_to(world, MUCH)
    await world.client.settle(
        "engine", [Settlement(*one, Outcome.RELEASED) for one in await world.client.unsettled("engine")]
    )
    claimed = await world.client.claim("engine", asks, [])
    assert {permit.attempt for permit in claimed.permits} == {1}
    assert len(claimed.permits) == len(asks)


async def test_an_outcome_that_finds_no_room_is_settled_later(world, tmp_path):
    """The mail stays claimed meanwhile: nobody else gets a permit for that person."""
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    [permit] = (await world.client.claim("engine", [mail], [])).permits
    with no_room_in_the_log(tmp_path), pytest.raises(Unavailable):
        await world.client.settle("engine", [Settlement(permit.key, 1, Outcome.ACCEPTED)])
    assert await world.client.unsettled("engine") == [(mail.key, 1)]
    await world.client.settle("engine", [Settlement(permit.key, 1, Outcome.ACCEPTED)])
    [status] = await world.client.status([mail.key])
    assert status.outcome is Outcome.ACCEPTED
