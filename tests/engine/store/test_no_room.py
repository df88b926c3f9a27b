"""A database that takes no writes: nothing is half written, who waits goes on, and all others are told."""

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from engine.store.batch import Batch
from engine.store.faults import NoRoom, StoreWaits
from engine.store.patience import Shortage, patience
from engine.store.statement import driver_of
from engine.store.store import Received, Store

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "engine.db")
    yield opened
    opened.close()


async def grow_to(store: Store, pages: int) -> None:
    """Let the database have so many pages, and no more; 0: no more than it has."""
    await store._database.read(
        lambda driver: driver.execute(f"PRAGMA max_page_count={pages or 1}").fetchall()
    )


MUCH = 1 << 30


async def failed(store: Store) -> None:
    """Wait until a write has failed, each look at the database being one turn in its thread."""
    while not store.shut:
        await store._database.read(lambda driver: None)


def received(number: int) -> Received:
    return Received(f"e{number}", "x", 1, 1, "", "anna@example.com", {"text": "x" * 5000})


async def kept(store: Store) -> list[str]:
    found, *_ = await store.gather(0, 0, 10_000)
    return [one.id for one in found]


@contextlib.contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process grows beyond that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_whoever_has_to_answer_is_told_that_the_disk_is_full(store: Store) -> None:
    """Nothing of the call is kept; afterwards the same call counts once."""
    await store.accept([received(0)])
    await grow_to(store, 0)
    with pytest.raises(NoRoom, match="no room for the engine's database: database or disk is full"):
        await store.accept([received(number) for number in range(1, 50)])
    assert "database or disk is full" in store.shut
    assert await kept(store) == ["e0"]

    await grow_to(store, MUCH)
    with patience():
        await store.accept([received(number) for number in range(50)])
    assert store.shut == ""
    assert sorted(await kept(store)) == sorted(f"e{number}" for number in range(50))


async def test_a_loop_waits_for_room_and_writes_the_same(store: Store) -> None:
    """It is said once in the log, and once that it is over, however often it was tried."""
    await grow_to(store, 0)

    async def work() -> None:
        with patience():
            await store.accept([received(number) for number in range(50)])

    with structlog.testing.capture_logs() as said:
        task = asyncio.create_task(work())
        await failed(store)
        for _ in range(3):  # tried by others meanwhile
            with pytest.raises(NoRoom):
                await store.accept([received(100)])
        assert not task.done()
        await grow_to(store, MUCH)
        await task
    assert len(await kept(store)) == 50
    assert [line["event"] for line in said] == [
        "the engine's database takes no writes; all waits",
        "the engine's database takes writes again",
    ]


async def test_whoever_waits_can_be_stopped(store: Store) -> None:
    """It does not wait for room, and nothing is written by it afterwards."""
    await grow_to(store, 0)

    async def work() -> None:
        with patience():
            await store.accept([received(number) for number in range(50)])

    task = asyncio.create_task(work())
    await failed(store)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await grow_to(store, MUCH)
    assert await kept(store) == []


async def test_a_disk_that_takes_no_more_bytes_undoes_the_commit(store: Store, tmp_path: Path) -> None:
    """The write fails as the transaction is being committed; the next one goes as ever."""
    await store.accept([received(0)])
    with (
        files_up_to((tmp_path / "engine.db-wal").stat().st_size),
        pytest.raises(StoreWaits, match="disk I/O"),
    ):
        await store.accept([received(1)])
    assert await kept(store) == ["e0"]
    with patience():
        await store.commit(Batch(cursors={"inbox": 1}))
        await store.accept([received(2)])
    assert await kept(store) == ["e0", "e2"]
    assert (await store.cursors())["inbox"] == 1


async def test_a_database_that_another_process_holds_is_waited_for(store: Store, tmp_path: Path) -> None:
    """Whoever has to answer is told in a moment; it goes on when the other is done."""
    other = sqlite3.connect(tmp_path / "engine.db", isolation_level=None)
    await store._database.read(lambda driver: driver.execute("PRAGMA busy_timeout=1"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreWaits, match="database is locked") as told:
        await store.accept([received(0)])
    assert not isinstance(told.value, NoRoom)
    (patient,) = await store._database.read(lambda driver: driver.execute("PRAGMA busy_timeout").fetchone())
    assert patient == 200
    other.execute("ROLLBACK")
    with patience():
        await store.accept([received(1)])
    assert await kept(store) == ["e1"]
    (patient,) = await store._database.read(lambda driver: driver.execute("PRAGMA busy_timeout").fetchone())
    assert patient == 5000
    other.close()


async def test_a_fault_of_the_program_is_not_waited_out(store: Store) -> None:
    """What will never go is said at once."""
    with patience(), pytest.raises(Exception, match="no such table") as told:
        await store._database.run(lambda connection: driver_of(connection).execute("SELECT 1 FROM nowhere"))
    assert not isinstance(told.value, StoreWaits)
    assert store.shut == ""


def test_a_failure_is_not_held_against_the_disk_for_ever() -> None:
    """For a moment nothing more is tried; after ten seconds without a try nobody knows."""
    now = 100.0
    shortage = Shortage(lambda: now)
    shortage.failed(NoRoom("full"))
    assert shortage.fresh() is not None
    now = 101.0
    assert shortage.fresh() is None
    assert shortage.why == "full"
    now = 110.0
    assert shortage.why == ""
    assert shortage.known
