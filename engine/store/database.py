"""One SQLite file and the one thread that may touch it.

A transaction is a plain function of a connection; it runs whole in that thread, so it costs one hop, not one
per statement.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from engine.store.statement import driver_of

T = TypeVar("T")


class StoreFault(Exception):
    """The database cannot be used; the message says why and what to do."""


class StoreInUse(StoreFault):
    """Another process runs this project's engine."""


class Database:
    """Open a database and close it; in between, run transactions one after another.

    `path` None keeps everything in memory, which may begin as the `image` of another. `durable` False is for
    simulations: it gives up on power loss and works in the caller's own thread, since nobody waits for the
    loop meanwhile.
    Raises `StoreInUse` if another process has it, `StoreFault` if it is no database.
    """

    def __init__(
        self, path: Path | None, tables: MetaData, durable: bool = True, image: bytes | None = None
    ) -> None:
        self._lock = _lock(path) if path is not None else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store") if durable else None
        try:
            self._engine, self._connection = self._now(_open, path, tables, durable, image)
        except (OperationalError, DatabaseError) as fault:
            self._release()
            raise StoreFault(f"{path} cannot be used as a database: {fault.orig}") from None

    async def read(self, look: Callable[..., T], *arguments: Any) -> T:
        """Run `look(driver, *arguments)`, which only reads; by the driver itself, without a transaction: the
        one thread that may write is busy with it."""
        if self._thread is None:
            return self._look(look, arguments)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, look, arguments)

    async def run(self, transaction: Callable[..., T], *arguments: Any) -> T:
        """Run `transaction(connection, *arguments)` and commit; an exception rolls back and comes through.

        A caller that is cancelled still waits for the transaction that has begun."""
        if self._thread is None:
            return self._transact(transaction, arguments)
        future = asyncio.get_running_loop().run_in_executor(
            self._thread, self._transact, transaction, arguments
        )
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
            raise

    def image(self) -> bytes:
        """All that is in a database in memory, for others to begin with."""
        return self._now(lambda: driver_of(self._connection).serialize())

    def close(self) -> None:
        self._now(self._connection.close)
        self._now(self._engine.dispose)
        self._release()

    def _now(self, work: Callable[..., T], *arguments: Any) -> T:
        if self._thread is None:
            return work(*arguments)
        return self._thread.submit(work, *arguments).result()

    def _look(self, look: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        try:
            return look(driver_of(self._connection), *arguments)
        except sqlite3.OperationalError as fault:
            raise StoreFault(f"the engine's database cannot be read: {fault}") from fault

    def _transact(self, transaction: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        try:
            with self._connection.begin():
                return transaction(self._connection, *arguments)
        except (OperationalError, sqlite3.OperationalError) as fault:
            why = fault.orig if isinstance(fault, OperationalError) else fault
            raise StoreFault(f"the engine's database did not take a write: {why}") from fault

    def _release(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
        if self._lock is not None:
            self._lock.close()


def _lock(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StoreInUse(
            f"Another process is running this project's engine ({path}). Stop it first."
        ) from None
    return lock


def _open(
    path: Path | None, tables: MetaData, durable: bool, image: bytes | None
) -> tuple[Engine, Connection]:
    if path is not None:
        _make_private(path)
    engine = create_engine(
        f"sqlite:///{path}" if path is not None else "sqlite://",
        poolclass=StaticPool,
        connect_args={"isolation_level": None, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        if image is not None:
            connection.deserialize(image)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA busy_timeout=5000")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    connection = engine.connect()
    if image is None:
        with connection.begin():
            tables.create_all(connection)
    return engine, connection


def _make_private(path: Path) -> None:
    """Make the file, for its owner only; SQLite gives the files beside it the same mode."""
    with contextlib.suppress(OSError):  # SQLite says what is wrong with the place
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with contextlib.suppress(OSError):  # those of an earlier version
            if each.is_file() and each.stat().st_mode & 0o077:
                each.chmod(0o600)
