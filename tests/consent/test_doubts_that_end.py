"""A doubt ends with whom it is about, and follows whoever becomes part of another."""

import pytest
from sqlalchemy import update
from test_scrub import ANNA, plant

from consent.contract import Visit
from consent.ledger.doubts import THE_LOG, all_doubts, doubt
from consent.store.tables import subjects
from consent.timed import scrub

pytestmark = pytest.mark.anyio
BERTA = "berta@kafija.example"


def in_doubt(world):
    """Everybody, with what differs."""
    return world.service.read(all_doubts)


async def test_who_is_erased_is_in_doubt_no_more(world):
    """Erasure is the way out where nobody can open their address."""
    anna = await world.join(ANNA)
    plant(world, update(subjects).where(subjects.c.id == anna).values(address=b"\0" * 40))
    while not in_doubt(world):
        await world.client.keep_times()
    await world.client.erase(anna, "operator")
    for _ in range(150):
        await world.client.keep_times()
    assert in_doubt(world) == {}


async def test_who_asked_and_never_confirmed_takes_a_doubt_along(world):
    """Time forgets them, and with them that."""
    anna = await world.sign_up(ANNA)
    await world.mail_proofs()
    [anna] = world.service.read(lambda reading: reading.conn.scalars(subjects.select()).all())
    world.service.write(lambda tx: doubt(tx, [(anna, "epoch")]))
    world.clock.pass_(40 * 86_400_000)
    for _ in range(3):
        await world.client.keep_times()
    assert world.count("subjects") == 0
    assert in_doubt(world) == {}


async def test_who_becomes_part_of_another_hands_on_what_the_log_still_tells(world):
    """What differed in rows that are gone by then is gone with them."""
    anna, berta = await world.join(ANNA), await world.join(BERTA)
    world.service.write(lambda tx: doubt(tx, [(berta, "confirmed"), (berta, "lookup"), (berta, "leaf 3")]))
    await world.client.merge(anna, berta, "operator")
    assert in_doubt(world) == {anna: ["confirmed", "leaf 3"]}


async def test_who_goes_between_the_look_and_the_note_is_not_noted(world):
    """Of their leaves, which stay, the log is in doubt; of an id that became part of another, that one."""
    anna, berta, carol = [await world.join(f"{name}@kafija.example") for name in ("anna", "berta", "carol")]
    await world.client.withdraw(world.unsubscribe_token(carol), "page", True, Visit())
    await world.client.erase(anna, "operator")
    await world.client.merge(berta, carol, "operator")
    seen = [(anna, "epoch"), (anna, "leaf 3"), (carol, "leaf 5"), ("0" * 32, "subject")]
    world.service.write(lambda tx: scrub.note(tx, scrub.Place(), seen))
    assert in_doubt(world) == {THE_LOG: ["leaf 3"], berta: ["leaf 5"], "0" * 32: ["subject"]}
