"""The file of the engine's memory: for its owner, one process at a time, each batch whole or not at all."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from person import ANNA
from standing import journey

from engine.core.bundle import Bundle
from engine.store.batch import Batch
from engine.store.database import StoreFault, StoreInUse
from engine.store.server import Place
from engine.store.store import Received, Store


def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    """With the files beside it, whatever the umask; and one that others could read before."""
    before = os.umask(0)
    try:
        opened = Store(tmp_path / "engine.db")
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.glob("engine.db*")}
        opened.close()
        (tmp_path / "engine.db").chmod(0o644)
        Store(tmp_path / "engine.db").close()
    finally:
        os.umask(before)
    assert modes == {"engine.db": 0o600, "engine.db-wal": 0o600, "engine.db-shm": 0o600}
    assert (tmp_path / "engine.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.anyio
async def test_an_address_is_gone_once_its_contact_is_known(tmp_path: Path) -> None:
    """Not a byte of it in the file or beside it, after a checkpoint; nor of one that was none."""
    path = tmp_path / "engine.db"
    store = Store(path)
    people = [f"person{number}@kafija.example" for number in range(300)]
    await store.accept(
        [Received(f"e{n}", "x", 1, 1, "", address, {"n": "x" * (n % 50)}) for n, address in enumerate(people)]
    )
    received, *_ = await store.gather(0, 0, 1000)
    assert [one.address for one in received] == people
    named = [(one.seq, f"{one.seq:032x}") for one in received if one.seq % 7]
    await store.commit(Batch(named=named, forgotten=[one.seq for one in received if not one.seq % 7]))
    received, *_ = await store.gather(0, 0, 1000)
    assert {one.address for one in received} == {""}
    assert [(one.seq, one.contact) for one in received if one.contact] == named
    checkpoint(path)
    assert holding(b"kafija.example", tmp_path) == []
    store.close()
    assert holding(b"kafija.example", tmp_path) == []


def holding(text: bytes, folder: Path) -> list[str]:
    """The files that hold these bytes."""
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


def checkpoint(path: Path) -> None:
    """Move the log into the file and empty it."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()


def run(script: str, path: Path) -> "subprocess.CompletedProcess[str]":
    """A program that is given a path, run to its end."""
    return subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )


@pytest.mark.anyio
async def test_a_second_process_is_told_so(tmp_path: Path) -> None:
    """In one plain sentence; the first goes on."""
    script = (
        "import sys; from pathlib import Path; from engine.store.database import StoreInUse;"
        "from engine.store.store import Store\n"
        "try: Store(Path(sys.argv[1]))\nexcept StoreInUse as fault: print(fault)"
    )
    path = tmp_path / "engine.db"
    kept = Store(path)
    told = run(script, path)
    assert told.stdout == f"Another process is running this project's engine ({path}). Stop it first.\n"
    await kept.commit(Batch(cursors={"inbox": 1}))
    kept.close()


def test_a_store_that_was_closed_can_be_opened_again(tmp_path: Path) -> None:
    """And one that could not be opened leaves no lock."""
    for _ in range(2):
        Store(tmp_path / "engine.db").close()
    (tmp_path / "broken.db").write_bytes(b"This is a letter to my aunt. " * 300)
    for _ in range(2):
        with pytest.raises(
            StoreFault, match=r"broken\.db cannot be used as a database: file is not a database"
        ):
            Store(tmp_path / "broken.db")
    with pytest.raises(StoreFault, match="cannot be used as a database: unable to open"):
        Store(tmp_path / "folder" / "..")


@pytest.mark.anyio
async def test_two_stores_in_one_process_are_one_too_many(kept: Store, place: Place) -> None:
    """The lock is on the file or the schema, not on the process."""
    with pytest.raises(StoreInUse, match="Another process is running this project's engine"):
        Store(place)


@pytest.mark.anyio
async def test_a_batch_is_kept_whole_or_not_at_all(kept: Store) -> None:
    """A fault in one table undoes what was written to others."""
    await kept.commit(Batch(profiles=[Bundle(ANNA, created=1, entered={"alpha": 1})]))
    batch = Batch(
        profiles=[Bundle(ANNA, created=1, entered={"alpha": 2})],
        journeys_put=[journey("1" * 32, 10)],
        watches_put=[(10, ANNA), (10, ANNA)],
        cursors={"inbox": 1},
    )
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match=r"(?i)unique constraint"):
        await kept.commit(batch)
    assert (await kept.load([ANNA]))[ANNA] == Bundle(ANNA, created=1, entered={"alpha": 1})
    assert await kept.cursors() == {}


@pytest.mark.anyio
async def test_a_crash_in_mid_transaction_leaves_the_old_state(tmp_path: Path) -> None:
    """Killed between the writes and the commit: nothing of it is there; what was committed before is."""
    script = """
import asyncio, os, signal, sys
from pathlib import Path
from engine.core.bundle import Bundle
from engine.store.commit import commit
from engine.store.batch import Batch
from engine.store.database import Database
from engine.store.effects import Places
from engine.store.register import Register
from engine.store.schema import metadata

def writes(connection, number):
    person = Bundle("a" * 32, created=number)
    commit(connection, Batch(profiles=[person], cursors={"inbox": number}), Places(), Register())

def dies(connection):
    writes(connection, 2)
    os.kill(os.getpid(), signal.SIGKILL)

database = Database(Path(sys.argv[1]), metadata)
asyncio.run(database.run(writes, 1))
asyncio.run(database.run(dies))
"""
    path = tmp_path / "engine.db"
    died = run(script, path)
    assert died.returncode == -signal.SIGKILL
    store = Store(path)
    assert await store.cursors() == {"inbox": 1}
    assert (await store.load([ANNA]))[ANNA] == Bundle(ANNA, created=1)
    store.close()


@pytest.mark.anyio
async def test_a_caller_that_gives_up_leaves_no_half_batch(kept: Store) -> None:
    """The transaction that has begun is finished before the cancelling comes through."""
    batch = Batch(profiles=[Bundle(f"{n:032x}", created=1) for n in range(2000)], cursors={"inbox": 1})
    task = asyncio.get_running_loop().create_task(kept.commit(batch))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await kept.cursors() == {"inbox": 1}
