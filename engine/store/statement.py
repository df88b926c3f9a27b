"""Statements of SQLAlchemy Core, compiled once and run by the driver itself.

The driver runs a small statement in a few microseconds; by way of SQLAlchemy's connection each costs 30 to
100 more, which is most of what a step of a journey costs. So what is done for every batch goes this way,
inside the transaction that the connection has begun, and all else by the connection.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects import sqlite

Driver: TypeAlias = sqlite3.Connection
Row: TypeAlias = tuple[Any, ...]

_DIALECT = sqlite.dialect()


def driver_of(connection: Connection) -> Driver:
    """The driver's connection under `connection`, which goes on living with it."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


class Statement:
    """One statement. Its parameters are given in the order in which they stand in it (of an insert, the
    columns'); a limit comes last."""

    __slots__ = ("_behind", "_sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        assert isinstance(compiled, sqlite.base.SQLiteCompiler)
        self._sql = str(compiled)
        values = [compiled.params[name] for name in compiled.positiontup or ()]
        self._behind = tuple(value for value in values if value is not None)
        assert values[len(values) - len(self._behind) :] == list(self._behind), "write values as text"

    def rows(self, driver: Driver, *given: object) -> list[Row]:
        """All rows."""
        return driver.execute(self._sql, given + self._behind).fetchall()

    def each(self, driver: Driver, *given: object) -> Iterator[Row]:
        """All rows, one after the other: for what is too much to hold together."""
        yield from driver.execute(self._sql, given + self._behind)

    def first(self, driver: Driver, *given: object) -> Row | None:
        """The first row, None if there is none."""
        row: Row | None = driver.execute(self._sql, given + self._behind).fetchone()
        return row

    def run(self, driver: Driver, *given: object) -> int:
        """How many rows were changed."""
        return driver.execute(self._sql, given + self._behind).rowcount

    def run_many(self, driver: Driver, rows: Iterable[Row]) -> None:
        """Once for each of `rows`."""
        driver.executemany(self._sql, rows)
