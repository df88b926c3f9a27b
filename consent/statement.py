"""Statements of SQLAlchemy Core, compiled once and run by the driver itself.

A sign-up or a mail is a dozen small statements. The driver runs one in a few microseconds; by way of
SQLAlchemy's connection each costs 30 to 100 more, which is most of what a mail costs. So what is done for
every person and every mail goes this way, inside the transaction that the connection has begun, and all else
by the connection."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects import sqlite

Driver: TypeAlias = sqlite3.Connection
Row: TypeAlias = tuple[Any, ...]

_DIALECT = sqlite.dialect()


def driver_of(conn: Connection) -> Driver:
    """The driver's connection under `conn`, which goes on living with it."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def transaction(conn: Connection, begin: str) -> Iterator[Driver]:
    """A transaction begun and ended by the driver, which `conn` joins if it is used meanwhile: by itself it
    takes as long to begin one as all that a mail does."""
    driver = driver_of(conn)
    driver.execute(begin)
    try:
        yield driver
        driver.commit()
    finally:
        if driver.in_transaction:
            driver.rollback()
        if conn.in_transaction():
            conn.rollback()  # nothing is left to undo: it only learns that the transaction is over


class Statement:
    """One statement. Its parameters are given by name; those that it was built with need not be given."""

    __slots__ = ("_fixed", "_names", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        assert isinstance(compiled, sqlite.base.SQLiteCompiler)
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._fixed = {name: _plain(value) for name, value in compiled.params.items() if value is not None}

    def rows(self, driver: Driver, **given: object) -> list[Row]:
        """All rows."""
        return driver.execute(self.sql, self._bound(given)).fetchall()

    def first(self, driver: Driver, **given: object) -> Row | None:
        """The first row, None if there is none."""
        row: Row | None = driver.execute(self.sql, self._bound(given)).fetchone()
        return row

    def run(self, driver: Driver, **given: object) -> int:
        """How many rows were changed."""
        return driver.execute(self.sql, self._bound(given)).rowcount

    def run_many(self, driver: Driver, rows: Iterable[Row]) -> None:
        """Once for each of `rows`, which are in the order of the parameters: of an insert, the columns'."""
        driver.executemany(self.sql, rows)

    def _bound(self, given: dict[str, object]) -> list[object]:
        fixed = self._fixed
        return [given[name] if name in given else fixed[name] for name in self._names]


def _plain(value: object) -> object:
    """Texts of enumerations as plain texts, which the driver takes without looking further."""
    return str(value) if isinstance(value, str) else value
