"""A consent store in one file, or in memory.

SQLite in WAL mode. Freed space is overwritten and, unless the store need not last, each commit synced.
Writers begin `IMMEDIATE`: the log's lock. One process writes, which a lock file beside the store sees
to; any number may read."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from consent.errors import AlreadyOpen, NoStore
from consent.store.opened import PATIENCE, Store
from consent.store.statement import driver_of, under_way
from consent.store.stops import stops_path
from consent.store.tables import metadata


def open_memory(image: bytes | None = None) -> Store:
    """A store that lives as long as it is open. `image`: what it begins with, by `Store.image`."""

    def make() -> sqlite3.Connection:
        raw = sqlite3.connect(":memory:", check_same_thread=False)
        if image is not None:
            raw.deserialize(image)
        return raw

    connection = _connect(make, Store.begin_writing, durable=False)
    if image is None:
        metadata.create_all(connection)
    connection.commit()
    return Store(connection, connection, False)


def open_file(path: Path, durable: bool) -> Store:
    """Open for writing, made if missing. Raises `AlreadyOpen`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    # For its owner only; SQLite gives the files beside it the mode that this one has.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    writer = _connect(lambda: sqlite3.connect(path, check_same_thread=False), Store.begin_writing, durable)
    metadata.create_all(writer)
    writer.commit()
    return Store(writer, _reader(path), durable, stops_path(path) if durable else None, lock)


def open_read_only(path: Path) -> Store:
    """Open for reading, also while another process writes. Raises `NoStore`."""
    if not path.is_file():
        raise NoStore(f"There is no consent store at {path}.")
    return Store(None, _reader(path), False)


def _reader(path: Path) -> Connection:
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    return _connect(
        lambda: sqlite3.connect(place, uri=True, check_same_thread=False), Store.begin_reading, None
    )


def _connect(make: Callable[[], sqlite3.Connection], begin: str, durable: bool | None) -> Connection:
    engine: Engine = create_engine("sqlite://", creator=make, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def set_up(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None  # the driver begins no transactions of its own
        raw.execute(f"PRAGMA busy_timeout={PATIENCE}")
        raw.execute("PRAGMA cache_size=-65536")
        if durable is not None:
            raw.execute("PRAGMA secure_delete=ON")
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA wal_autocheckpoint=8000")
            raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        if not under_way(driver_of(connection)):
            connection.exec_driver_sql(begin)

    return engine.connect()


def _lock(path: Path) -> int:
    place = path.with_name(path.name + ".lock")
    lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(lock)
        raise AlreadyOpen(
            f"Another process (its id is {holder}) has the consent store {path} open for writing. "
            "Only one may; stop that one first."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock
