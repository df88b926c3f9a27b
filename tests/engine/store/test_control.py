"""What other processes tell a running engine stands in rows, which it acts on once."""

import threading
from pathlib import Path

import pytest

from engine.store.batch import Batch
from engine.store.control import CURSOR, open_desk
from engine.store.database import StoreFault
from engine.store.store import Store


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "engine.db"


@pytest.mark.anyio
async def test_a_row_is_written_beside_an_engine_that_holds_its_lock(place: Path) -> None:
    """A command needs no lock: the engine that runs finds the rows behind its cursor, in order."""
    store = Store(place)
    try:
        with open_desk(place) as desk:
            assert desk.instruct("pause", b"{}", "anna at shop1", 1_000) == 1
            assert desk.instruct("resume", b'{"flow":"welcome"}', "anna at shop1", 2_000) == 2
        found = await store.instructions(0)
        assert [(each.seq, each.kind, each.at, each.by) for each in found] == [
            (1, "pause", 1_000, "anna at shop1"),
            (2, "resume", 2_000, "anna at shop1"),
        ]
        assert [each.body for each in await store.instructions(1)] == [b'{"flow":"welcome"}']
    finally:
        store.close()


@pytest.mark.anyio
async def test_how_far_the_engine_has_acted_is_told(place: Path) -> None:
    """The cursor is the engine's, so it says what was committed, and a command can wait for it."""
    store = Store(place)
    try:
        with open_desk(place) as desk:
            number = desk.instruct("pause", b"{}", "anna", 1_000)
            assert not desk.wait_for(number, 0)
            await store.commit(Batch(cursors={CURSOR: number}))
            assert desk.wait_for(number, 0)
            assert desk.acted_on() == number
    finally:
        store.close()


@pytest.mark.anyio
async def test_rows_outlive_the_engine(place: Path) -> None:
    """What is said while no engine runs waits for the next one."""
    Store(place).close()
    with open_desk(place) as desk:
        desk.instruct("halt", b"{}", "anna", 1_000)
    store = Store(place)
    try:
        assert [each.kind for each in await store.instructions(0)] == ["halt"]
    finally:
        store.close()


def test_rows_written_at_the_same_time_have_numbers_of_their_own(place: Path) -> None:
    """Writers wait for each other: every row is there, and the numbers have no gap."""
    Store(place).close()

    def write(name: str) -> None:
        with open_desk(place) as desk:
            for _ in range(20):
                desk.instruct("pause", b"{}", name, 1_000)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("anna", "berta", "carl")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_desk(place) as desk:
        rows = desk.all()
    assert [row.seq for row in rows] == list(range(1, 61))
    assert sorted(row.by for row in rows) == ["anna"] * 20 + ["berta"] * 20 + ["carl"] * 20


def test_where_nothing_has_run_there_is_nobody_to_tell(place: Path) -> None:
    """The message says so, and no file is made."""
    with pytest.raises(StoreFault, match="nothing has run here yet"), open_desk(place):
        pass
    assert not place.exists()


def test_what_is_no_database_is_named(place: Path) -> None:
    """A damaged file is told in plain words."""
    place.write_bytes(b"no database" * 100)
    with pytest.raises(StoreFault, match="cannot be used as a database"), open_desk(place) as desk:
        desk.all()
