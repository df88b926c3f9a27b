"""What an open consent store is. `sqlite` and `postgres` open it.

One process writes; any number may read. Each writing transaction holds the log's lock from its beginning."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection

from consent.store.anew import write_anew
from consent.store.statement import Driver, driver_of

PATIENCE = 10_000
"""How long a file waits for others, in milliseconds."""

_A_MOMENT = 200


class Store:
    """An open store. `durable` says whether commits survive a power loss; `stops` is where what may not be
    undone is written down outside of it, None: nowhere."""

    begin_writing = "BEGIN IMMEDIATE"
    begin_reading = "BEGIN"
    faults: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(
        self,
        writer: Connection | None,
        reader: Connection,
        durable: bool,
        stops: Path | None = None,
        lock: int | None = None,
    ) -> None:
        self.writer = writer
        self.reader = reader
        self.durable = durable
        self.stops = stops
        self._lock = lock

    def renew_writer(self) -> bool:
        """Make anew the connection that writes, if it was lost; whether it was. A file's never is. Raises
        `AlreadyOpen` if another process took its place."""
        return False

    def renew_reader(self) -> None:
        """Make anew the connection that reads, if it was lost."""

    def rewrite(self, table: str) -> bool:
        """Leave nothing of deleted rows of a table on any page, nor in the write-ahead log; between two
        transactions. False: somebody reads what was before, or there is no room, so it is to be done
        again."""
        assert self.writer is not None
        driver = driver_of(self.writer)
        driver.execute(f"PRAGMA busy_timeout={_A_MOMENT}")
        try:
            # Whoever reads now is found out by what takes no time.
            done = _empty_log(driver)
            if done:
                write_anew(driver, table)
                done = _empty_log(driver)
        except sqlite3.OperationalError:  # whoever asked says that it is not done
            return False
        finally:
            driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
        return done

    def image(self) -> bytes:
        """All that is in a store in memory, for others to begin with."""
        driver = driver_of(self.reader)
        assert isinstance(driver, sqlite3.Connection)
        return driver.serialize()

    def close(self) -> None:
        """Close the connections and let another process write."""
        for connection in (self.reader, self.writer):
            if connection is not None and not connection.closed:
                connection.close()
                connection.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _empty_log(driver: Driver) -> bool:
    """Whether all that the write-ahead log of a file held is in the file, and the log empty."""
    busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy
