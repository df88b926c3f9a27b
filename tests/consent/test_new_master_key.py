"""A new master key takes the place of the old one, by and by, and nothing becomes unreadable meanwhile."""

import logging

import pytest
from dice import Dice
from sqlalchemy import select

from consent.address import read_address
from consent.errors import WrongKeys
from consent.keys import Keys
from consent.ledger import rewrapping
from consent.ledger.addresses import addresses_of
from consent.store.tables import subjects
from consent.subscriber.history import history

pytestmark = pytest.mark.anyio
OLD, NEW, NEWEST = b"m" * 32, b"n" * 32, b"o" * 32
PEOPLE = [f"person{number}@kafija.example" for number in range(7)]


def keys(*masters):
    """Keys of which only the master keys differ."""
    rest = Keys.random(Dice("keys"))
    return Keys(rest.log_signing, masters, rest.peppers, rest.links)


def wrapped(world):
    """The wrapped data keys by subject."""
    query = select(subjects.c.id, subjects.c.wrapped)
    rows = world.service.read(lambda reading: reading.conn.execute(query).all())
    return {subject: bytes(key) for subject, key in rows}


def addresses(world):
    """Everybody's address, opened."""
    ids = list(wrapped(world))
    return sorted(world.service.read(lambda reading: addresses_of(reading, ids)).values())


@pytest.fixture
async def path(open_world, tmp_path):
    """A store of the old key, closed."""
    world = open_world(tmp_path / "consent.db", keys=keys(OLD))
    await world.client.subjects(PEOPLE)
    await world.join("anna@kafija.example")
    world.service.close()
    return tmp_path / "consent.db"


async def test_all_data_keys_are_wrapped_anew_and_the_old_key_may_go(path, open_world, caplog):
    """Addresses and evidence are readable before, meanwhile and afterwards."""
    caplog.set_level(logging.INFO, "consent")
    both = open_world(path, keys=keys(OLD, NEW))
    before = addresses(both)
    assert len(before) == len(PEOPLE) + 1
    assert "wrapped by the newest master key" in caplog.text
    both.service.close()
    alone = open_world(path, keys=keys(NEW))
    assert addresses(alone) == before
    found = alone.service.read(lambda reading: history(reading, read_address("anna@kafija.example")))
    assert all(event.holds for event in found.events if event.evidence)
    assert not alone.service.read(lambda r: rewrapping.is_wanted(r.conn, r.parts.vault))


async def test_the_old_key_alone_opens_it_no_more(path, open_world):
    """Nor is the new one dropped again: each says which key is missing."""
    open_world(path, keys=keys(OLD, NEW)).service.close()
    with pytest.raises(WrongKeys, match="master"):
        open_world(path, keys=keys(OLD))
    with pytest.raises(WrongKeys, match="master"):
        open_world(path, keys=keys(b"x" * 32))


@pytest.fixture
def halfway(open_world, monkeypatch):
    """Opens a store with more than one master key; its data keys are wrapped two at a time, and it is cut off
    after the second pair."""
    monkeypatch.setattr(rewrapping, "AT_ONCE", 2)
    some = rewrapping.rewrap_some

    def open_it(path, *masters):
        turns = []

        def cut(tx):
            turns.append(1)
            return some(tx) and len(turns) < 2

        with monkeypatch.context() as patch:
            patch.setattr(rewrapping, "rewrap_some", cut)
            world = open_world(path, keys=keys(*masters))
        assert len(turns) == 2
        return world

    return open_it


async def test_it_goes_on_where_it_was_interrupted(path, open_world, halfway):
    """Two at a time, cut off after the second pair: the next start does the others, and those only."""
    world = halfway(path, OLD, NEW)
    assert world.service.read(lambda r: rewrapping.is_wanted(r.conn, r.parts.vault))
    assert world.service.read(lambda r: rewrapping.still_to_do(r.conn)) == len(PEOPLE) + 1 - 4
    everybody, by_then = addresses(world), wrapped(world)
    world.service.close()
    with pytest.raises(WrongKeys):
        open_world(path, keys=keys(NEW))
    open_world(path, keys=keys(OLD, NEW)).service.close()
    done = open_world(path, keys=keys(NEW))
    assert addresses(done) == everybody
    same = [subject for subject, key in wrapped(done).items() if by_then[subject] == key]
    assert len(same) == 4


async def test_a_third_key_before_the_second_is_done_wraps_everybody_from_the_beginning(
    path, open_world, halfway
):
    """Whoever the second key had come to as well: the third alone opens all, once the store says so."""
    world = halfway(path, OLD, NEW)
    everybody = addresses(world)
    world.service.close()
    open_world(path, keys=keys(OLD, NEW, NEWEST)).service.close()
    assert addresses(open_world(path, keys=keys(NEWEST))) == everybody


async def test_no_key_may_go_that_wrapped_any_before_all_are_wrapped_by_the_newest(path, open_world, halfway):
    """The store does not open without the second of three, though the first one and the third are there."""
    halfway(path, OLD, NEW).service.close()
    with pytest.raises(WrongKeys, match="is missing that wrapped data keys"):
        open_world(path, keys=keys(OLD, NEWEST))
    halfway(path, OLD, NEW, NEWEST).service.close()
    with pytest.raises(WrongKeys, match="is missing that wrapped data keys"):
        open_world(path, keys=keys(OLD, NEWEST))
    open_world(path, keys=keys(OLD, NEW, NEWEST)).service.close()
    assert len(addresses(open_world(path, keys=keys(NEWEST)))) == len(PEOPLE) + 1


async def test_who_joins_meanwhile_is_wrapped_by_the_new_key(path, open_world, monkeypatch):
    """So nobody is left behind."""
    monkeypatch.setattr(rewrapping, "rewrap_some", lambda tx: False)
    world = open_world(path, keys=keys(OLD, NEW), seed="second")
    await world.client.subjects(["late@kafija.example"])
    world.service.close()
    monkeypatch.undo()
    open_world(path, keys=keys(OLD, NEW)).service.close()
    assert "late@kafija.example" in addresses(open_world(path, keys=keys(NEW)))


async def test_a_damaged_data_key_holds_up_nobody(path, open_world, caplog):
    """It stays as it is, and the log says whose it is."""
    world = open_world(path, keys=keys(OLD))
    [anna] = await world.client.subjects(["anna@kafija.example"])
    world.damage("wrapped", b"\0" * 60, anna)
    world.service.close()
    open_world(path, keys=keys(OLD, NEW)).service.close()
    assert anna in caplog.text
    alone = open_world(path, keys=keys(NEW))
    assert wrapped(alone)[anna] == b"\0" * 60


async def test_on_a_store_that_lasts_it_is_done_between_what_others_write(path, open_world):
    """In the thread that writes, one batch after the other; closing waits for it or leaves the rest."""
    world = open_world(path, keys=keys(OLD, NEW), durable=True, seed="second")
    await world.sign_up("bob@kafija.example")
    world.service.writer.submit(lambda: None).result()
    world.service.close()
    open_world(path, keys=keys(OLD, NEW), seed="third").service.close()
    assert "bob@kafija.example" in addresses(open_world(path, keys=keys(NEW), seed="fourth"))
