"""The engine's tables in one SQLite file, or in memory."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, MetaData, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from engine.store.anew import write_anew
from engine.store.faults import NoRoom, StoreFault, StoreInUse, StoreWaits
from engine.store.statement import Driver

_PATIENCE = 5_000  # milliseconds
_A_MOMENT = 200

_PRIMARY = 0xFF  # of a result code; the rest says more (https://www.sqlite.org/rescode.html)
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
"""What need not be so for ever; of an I/O error too the disk may be rid, as of a quota."""


class Sqlite:
    """A file and its lock; `path` None is memory, which may begin as the `image` of another."""

    faults: tuple[type[Exception], ...] = (OperationalError, sqlite3.OperationalError)

    def __init__(self, path: Path | None, tables: MetaData, durable: bool, image: bytes | None) -> None:
        self._path = path
        self._tables = tables
        self._durable = durable
        self._image = image
        self._lock = _lock(path) if path is not None else None

    def open(self) -> Connection:
        """The connection that writes. Raises `StoreFault`."""
        try:
            return self._open()
        except DatabaseError as fault:
            raise StoreFault(f"{self._path} cannot be used as a database: {fault.orig}") from None

    def gone(self) -> bool:
        """Whether the connection is lost: a file's never is."""
        return False

    def shortage(self, fault: Exception) -> StoreWaits | None:
        """See `Keeper`."""
        cause = getattr(fault, "orig", fault)
        code = cause.sqlite_errorcode & _PRIMARY if isinstance(cause, sqlite3.Error) else 0
        if code == sqlite3.SQLITE_FULL:
            return NoRoom(f"there is no room for the engine's database: {cause}")
        if code in _PASSING:
            return StoreWaits(f"the engine's database did not take a write: {cause}")
        return None

    def hurry(self, driver: Driver, hurried: bool) -> None:
        """See `Keeper`."""
        driver.execute(f"PRAGMA busy_timeout={_A_MOMENT if hurried else _PATIENCE}")

    def newest(self) -> str:
        """Transactions have no names here."""
        return ""

    def committed(self, name: str) -> bool:
        """Whether a transaction that was lost was committed: none is lost."""
        return False

    def rewrite(self, driver: Driver, tables: Sequence[str]) -> bool:
        """See `Keeper`. What the write-ahead log still holds goes into the file, and away."""
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(f"PRAGMA busy_timeout={_A_MOMENT}")
        try:
            # Whoever reads now is found out by what takes no time.
            if not _empty_log(driver):
                return False
            write_anew(driver, tables)
            return _empty_log(driver)
        except sqlite3.OperationalError:  # whoever asked says that it is not done
            return False
        finally:
            driver.execute(f"PRAGMA busy_timeout={_PATIENCE}")

    def close(self) -> None:
        """Let another process have it."""
        if self._lock is not None:
            self._lock.close()

    def _open(self) -> Connection:
        path, image, durable = self._path, self._image, self._durable
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
            # in every transaction: addresses are forgotten in all of them, and it costs nothing measurable
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("PRAGMA cache_size=-65536")
            # rows of people lie far apart: a page that many batches write goes into the file once for all
            connection.execute("PRAGMA wal_autocheckpoint=8000")
            connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        connection = engine.connect()
        if image is None:
            with connection.begin():
                self._tables.create_all(connection)
        return connection


def _empty_log(driver: sqlite3.Connection) -> bool:
    """Whether all that the write-ahead log held is in the file, and the log empty."""
    (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def image_of(driver: Driver) -> bytes:
    """All that is in a database in memory."""
    assert isinstance(driver, sqlite3.Connection)
    return driver.serialize()


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


def _make_private(path: Path) -> None:
    """Make the file, for its owner only; SQLite gives the files beside it the same mode."""
    with contextlib.suppress(OSError):  # SQLite says what is wrong with the place
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with contextlib.suppress(OSError):  # those of an earlier version
            if each.is_file() and each.stat().st_mode & 0o077:
                each.chmod(0o600)
