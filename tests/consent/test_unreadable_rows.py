"""A value of another kind than its column should have denies one person, and ends nothing for all others.

SQLite takes a text for bytes and for a number, so whoever can write to a store may put one there; a server
does not."""

import contextlib
import sqlite3

import pytest
from sqlalchemy import insert
from test_scrub import ANNA, found, plant

from consent.contract import Reason, Visit
from consent.ledger.doubts import all_doubts
from consent.store.tables import facts
from consent.timed.scrub import place_of

pytestmark = pytest.mark.anyio
BERTA = "berta@kafija.example"

OF_ANNA = {
    **{f"subjects.{name}": ("subjects", name, "id") for name in ("wrapped", "address", "lookup", "epoch")},
    **{f"subjects.{name}": ("subjects", name, "id") for name in ("confirmed", "restricted", "frequency")},
    **{f"standings.{name}": ("standings", name, "subject") for name in ("state", "seq", "at", "expires")},
    **{f"evidence.{name}": ("evidence", name, "subject") for name in ("sealed", "ip", "at")},
    "leaves.body": ("leaves", "body", "subject"),
}


NUMBERS = {f"subjects.{name}" for name in ("epoch", "confirmed", "restricted")} | {
    *("standings.seq", "standings.at", "standings.expires", "evidence.at"),
}


def of_a_file(world):
    """Leave out what a server does not let anybody write."""
    if not world.service.read(lambda reading: isinstance(reading.driver, sqlite3.Connection)):
        pytest.skip("a server takes no such value")


def write(world, sql):
    """A statement of somebody with the file."""
    world.service.write(lambda tx: tx.driver.execute(sql))


def spoil(world, where, subject):
    """Put a text where none belongs; a server reads one as bytes, and takes none for a number."""
    table, column, key = OF_ANNA[where]
    if where in NUMBERS:
        of_a_file(world)
    write(world, f"UPDATE {table} SET {column} = 'abc' WHERE {key} = '{subject}'")


async def get_round(world):
    """All visits of the scrub until it is round."""
    for _ in range(150):
        await world.client.keep_times()
        if world.service.read(place_of).over:
            return
    raise AssertionError("it never comes round")


@pytest.mark.parametrize("where", OF_ANNA)
async def test_the_scrub_gets_round_and_doubts_whose_row_it_is(world, where):
    """And nobody else; but of a leaf that nobody can read it is not known what it said, nor of whom."""
    anna, berta = await world.join(ANNA), await world.join(BERTA)
    spoil(world, where, anna)
    await get_round(world)
    of_log = where == "leaves.body"
    assert set(world.service.read(all_doubts)) == ({"", anna} if of_log else {anna})
    assert [one.subject for one in (await world.send(world.ask(berta))).permits] == [berta] * (not of_log)


@pytest.mark.parametrize("where", [name for name in OF_ANNA if not name.startswith("evidence")])
async def test_a_claim_denies_whose_row_it_is_and_permits_the_others(world, where):
    """In one batch, before the scrub has come to them."""
    anna, berta = await world.join(ANNA), await world.join(BERTA)
    spoil(world, where, anna)
    asks = [world.ask(anna), world.ask(berta)]
    assert len(await world.client.decide(asks)) == 2
    claimed = await world.client.claim("engine", asks, [])
    unharmed = {"subjects.lookup", "standings.at"}  # no mail rests on these
    assert [one.subject for one in claimed.permits] == ([anna, berta] if where in unharmed else [berta])


@pytest.mark.parametrize("where", OF_ANNA)
async def test_whose_row_it_is_may_withdraw_and_be_erased_and_time_goes_on(world, where):
    """What is theirs to say is heard, and afterwards nobody is in doubt."""
    anna = await world.join(ANNA)
    spoil(world, where, anna)
    await world.client.claim("engine", [world.ask(anna)], [])
    with contextlib.suppress(ValueError):
        await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await get_round(world)
    world.clock.pass_(100 * 86_400_000)
    await world.client.keep_times()
    assert await world.client.erase(anna, "operator") is not None
    assert anna not in world.service.read(all_doubts)
    [denied] = (await world.client.claim("engine", [world.ask(anna, key="later")], [])).denied
    assert denied.reason is Reason.ERASED


@pytest.mark.parametrize("word", [b"{", b'{"person":"zz"}', b'{"leaf":-5}', b'{"person":5}', b'"x"'])
async def test_a_place_that_cannot_be_read_begins_a_round_anew(world, word):
    """Whoever wrote it wants that there is none."""
    anna = await world.join(ANNA)
    plant(world, insert(facts).values(name="scrub", value=word))
    write(world, f"UPDATE subjects SET epoch = 7 WHERE id = '{anna}'")
    await get_round(world)
    assert set(world.service.read(all_doubts)) == {anna}


async def test_a_leaf_as_far_on_as_there_are_numbers_holds_no_visit_up(world):
    """The hole before it is one finding, not one for each number."""
    anna = await world.join(ANNA)
    write(
        world, f"UPDATE leaves SET seq = 9000000000000000000 WHERE type = 'confirmed' AND subject = '{anna}'"
    )
    differs = found(world)
    assert len(differs) < 600
    assert (anna, "leaf 9000000000000000000") in differs
    assert [what for subject, what in differs if what.startswith("leaves from ")] == [
        "leaves from 256 and on"
    ]


async def test_an_id_that_is_no_text_is_found_and_ends_nothing(world):
    """A row that is planted so has an id by which nobody can ask, in the tables of who became whom too."""
    of_a_file(world)
    anna, berta = await world.join(ANNA), await world.join(BERTA)
    await world.client.merge(anna, berta, "operator")
    write(world, "UPDATE merged SET subject = x'00'")
    carol = await world.join("carol@kafija.example")
    write(world, f"UPDATE subjects SET id = x'00' WHERE id = '{carol}'")
    assert [one.subject for one in (await world.send(world.ask(anna))).permits] == [anna]
    await get_round(world)
    assert "a person's id" in world.service.read(all_doubts)[""]
