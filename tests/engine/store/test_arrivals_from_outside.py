"""Rows that a command puts into the inbox beside an engine: found with the next commit, and each once."""

import pytest

from engine.store.arrivals import Received
from engine.store.batch import Batch
from engine.store.control import ARRIVALS, CURSOR, open_desk
from engine.store.server import Place
from engine.store.store import Store

ANNA, BELA = "a" * 32, "b" * 32


def learned(id_: str, contact: str) -> Received:
    """What a file knows of somebody."""
    return Received(id_, "", 1_000, 1_000, contact, "", {"first_name": "Anna"})


@pytest.mark.anyio
async def test_a_running_engine_finds_them_behind_its_next_commit(place: Place) -> None:
    """In files and on a server, though it holds the lock: between what it took in itself and what comes later
    nothing is passed over, and an id that is there already is left as it is."""
    store = Store(place)
    try:
        await store.accept([learned("own-1", ANNA)])
        received, _, _ = await store.gather(0, 2_000, 100)
        after = received[-1].seq
        with open_desk(place) as desk:
            desk.arrive([learned("import-1", BELA), learned("own-1", BELA)])
            desk.arrive([learned("import-1", BELA), learned("import-2", ANNA)])
            number = desk.instruct(ARRIVALS, b'"import"', "anna at shop1", 2_000)
        assert [row.kind for row in await store.instructions(0)] == [ARRIVALS]
        await store.commit(Batch(cursors={CURSOR: number}))
        await store.accept([learned("own-2", ANNA)])
        received, _, _ = await store.gather(after, 2_000, 100)
        assert [(one.id, one.contact) for one in received] == [
            ("import-1", BELA),
            ("import-2", ANNA),
            ("own-2", ANNA),
        ]
    finally:
        store.close()
