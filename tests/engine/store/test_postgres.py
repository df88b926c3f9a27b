"""What only a server can do: be told of by name, go away, come back, and be taken by another engine."""

import asyncio
import contextlib
import importlib
import pkgutil
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import anyio
import psycopg
import pytest
import sqlalchemy
from person import ANNA
from postgres_server import Running
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection

import engine.store
from engine.store import arrivals
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.database import Database, StoreFault, StoreInUse
from engine.store.postgres import begin_writing, lock_key, reach
from engine.store.server import Server
from engine.store.statement import Driver, Statement, driver_of
from engine.store.store import Received, Store

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(postgres: Running, schema: Callable[[], str]) -> Server:
    """A schema of its own."""
    return Server(postgres.url, schema())


@pytest.fixture
def kept(server: Server) -> Iterator[Store]:
    """A store there."""
    opened = Store(server)
    yield opened
    opened.close()


def event(number: int) -> Received:
    """One of many."""
    return Received(f"e{number}", "x", number, number, ANNA, "", {})


SECOND = """
import sys
from engine.store.database import StoreInUse
from engine.store.server import Server
from engine.store.store import Store
try: Store(Server(sys.argv[1], sys.argv[2]))
except StoreInUse as fault: print(fault)
"""


async def test_a_second_process_is_told_who_has_the_schema(kept: Store, server: Server) -> None:
    """With the number of the first, which goes on; another schema is another project's."""
    program = [sys.executable, "-c", SECOND, server.url, server.schema]
    told = (await anyio.run_process(program)).stdout.decode()
    assert told.startswith("Another process is running this project's engine (virta engine, process ")
    assert f"with the schema {server.schema} in the PostgreSQL database virta at " in told
    assert told.endswith(" Stop it first.\n")
    await kept.commit(Batch(cursors={"inbox": 1}))
    assert await kept.cursors() == {"inbox": 1}


async def test_two_projects_share_a_database(kept: Store, server: Server, schema: Callable[[], str]) -> None:
    """Each in a schema of its own, at the same time."""
    other = Store(Server(server.url, schema()))
    await kept.accept([event(1)])
    assert (await other.gather(0, 9, 9))[0] == []
    other.close()


async def test_a_connection_that_was_cut_is_made_anew(kept: Store, postgres: Running) -> None:
    """What is asked for meanwhile waits and is done; nothing is lost, nothing is done twice."""
    await kept.accept([event(1)])
    for number in range(2, 6):
        assert postgres.end_sessions("virta engine") == 1
        await kept.accept([event(number)])
        assert postgres.end_sessions("virta engine") == 1
        received, *_ = await kept.gather(number - 1, 0, 9)
        assert [one.id for one in received] == [f"e{number}"]


async def test_an_engine_whose_place_was_taken_stops(kept: Store, server: Server, postgres: Running) -> None:
    """Its lock went with its connection, and another engine was faster: it writes nothing any more."""
    await kept.accept([event(1)])
    assert postgres.end_sessions("virta engine") == 1
    other = Store(server)
    for _ in range(2):
        with pytest.raises(StoreInUse, match="Another process is running"):
            await kept.accept([event(2)])
        assert not kept.held
    received, *_ = await other.gather(0, 0, 9)
    assert [one.id for one in received] == ["e1"]
    other.close()


async def test_the_server_is_killed_in_mid_transaction_and_comes_back(
    server: Server, postgres: Running
) -> None:
    """The transaction is run once more when the server is there again, and leaves its rows once."""
    database = Database(server, t.metadata)
    runs: list[int] = []
    written, gone = threading.Event(), threading.Event()

    def transaction(connection: Connection) -> None:
        runs.append(len(runs))
        connection.execute(t.note.insert(), {"name": "once", "value": b"1"})
        written.set()
        assert gone.wait(60)

    working = asyncio.ensure_future(database.run(transaction))
    await asyncio.to_thread(written.wait, 60)
    await asyncio.to_thread(postgres.kill)
    gone.set()
    await asyncio.to_thread(postgres.start)
    await working
    names = await database.run(lambda connection: connection.scalars(sqlalchemy.select(t.note.c.name)).all())
    database.close()
    assert (runs, names) == ([0, 1], ["once"])


class Between:
    """Stands between an engine and its server, and once swallows the answer to a commit with the line."""

    def __init__(self, server: Server, folder: Path) -> None:
        known = conninfo_to_dict(server.url)
        self._there = f"{known['host']}/.s.PGSQL.5432"
        self._door = socket.create_server(str(folder / ".s.PGSQL.5432"), family=socket.AF_UNIX)
        self.url = f"postgresql:///virta?host={folder}&user={known['user']}"
        self.swallow = threading.Event()
        self.swallowed = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._there)
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if client in ready:
                    asked = client.recv(65536)
                    server.sendall(asked)
                    if not asked:
                        return
                    if b"COMMIT" in asked and self.swallow.is_set():
                        self.swallow.clear()
                        assert b"COMMIT" in server.recv(65536)
                        self.swallowed += 1
                        return
                if server in ready:
                    client.sendall(server.recv(65536))


async def test_a_commit_that_nobody_answered_is_not_done_twice(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The server has it and only its answer was lost: it is asked, and the transaction counts as done. Its
    side of the line may still be up and hold the lock: it is ended."""
    between = Between(server, tmp_path_factory.mktemp("b"))
    database = Database(Server(between.url, server.schema), t.metadata)
    runs: list[int] = []

    def transaction(connection: Connection) -> str:
        runs.append(len(runs))
        connection.execute(t.note.insert(), {"name": f"run {len(runs)}", "value": b"1"})
        return "done"

    between.swallow.set()
    assert await database.run(transaction) == "done"
    names = await database.run(lambda connection: connection.scalars(sqlalchemy.select(t.note.c.name)).all())
    database.close()
    between.close()
    assert (between.swallowed, runs, names) == (1, [0], ["run 1"])


async def test_positions_are_seen_in_the_order_of_their_commits(server: Server) -> None:
    """A second writer waits for the first, so that nobody reads past a row that is still being written."""
    database = Database(server, t.metadata)
    inside, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        arrivals.accept(driver_of(connection), [event(1)])
        inside.set()
        assert go_on.wait(60)

    first = asyncio.ensure_future(database.run(slow))
    await asyncio.to_thread(inside.wait, 60)
    beside = reach(server, "a command")
    beside.execute(f"SET search_path TO {server.schema}")
    key = lock_key(server, "writing")
    taken = beside.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
    second = asyncio.ensure_future(asyncio.to_thread(begin_writing, beside, key))
    go_on.set()
    await asyncio.gather(first, second)
    seen = beside.execute("SELECT id FROM inbox").fetchall()
    beside.close()
    database.close()
    assert (taken, seen) == ((False,), [("e1",)])


async def test_texts_are_in_the_order_of_their_bytes(kept: Store, server: Server, postgres: Running) -> None:
    """Whatever the language of the database."""
    columns = postgres.ask(
        "SELECT collation_name, count(*) FROM information_schema.columns"
        " WHERE table_schema = %s AND data_type = 'character varying' GROUP BY 1",
        server.schema,
    )
    assert [name for name, _ in columns] == ["C"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/virta", "at 127.0.0.1 cannot be reached: connection failed"),
        ("postgresql://nobody@127.0.0.1:port/virta", "invalid integer value .port. for connection option"),
    ],
)
async def test_a_server_that_is_not_there_is_named(url: str, told: str) -> None:
    """In words, at once."""
    with pytest.raises(StoreFault, match=told):
        Store(Server(url, "test"))


async def test_a_schema_that_may_not_be_made_is_named(server: Server, postgres: Running) -> None:
    """By somebody who may connect and no more."""
    postgres.ask("DROP ROLE IF EXISTS guest")
    postgres.ask("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreFault, match=rf"the schema {server.schema} .* permission denied for database"):
        Store(Server(server.url.replace("postgres:", "guest:"), server.schema))


def statements() -> list[tuple[str, Statement]]:
    """Every statement of the engine's store, by the module that it stands in."""
    found = []
    for module in pkgutil.iter_modules(engine.store.__path__):
        for name, value in vars(importlib.import_module(f"engine.store.{module.name}")).items():
            each = value if isinstance(value, list | tuple) else [value]
            found += [(f"{module.name}.{name}", one) for one in each if isinstance(one, Statement)]
    return found


async def test_every_statement_is_understood_by_the_server(kept: Store, server: Server) -> None:
    """Each is prepared there: tables, columns and types fit."""
    beside = reach(server, "a test")
    beside.execute(f"SET search_path TO {server.schema}")
    refused = {}
    for name, statement in statements():
        words = statement._words(cast(Driver, beside)).sql
        for number in range(1, words.count("%s") + 1):
            words = words.replace("%s", f"${number}", 1)
        try:
            beside.execute(f"PREPARE tried AS {words}")
            beside.execute("DEALLOCATE tried")
        except psycopg.Error as fault:
            refused[name] = str(fault)
    beside.close()
    assert refused == {}
    assert len(statements()) > 50
