"""Statements of SQLAlchemy Core, compiled once and run by the driver itself.

The driver runs a small statement in a few microseconds; by way of SQLAlchemy's connection each costs 30 to
100 more, which is most of what a step of a journey costs. So what is done for every batch goes this way,
inside the transaction that the connection has begun, and all else by the connection.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

Row: TypeAlias = tuple[Any, ...]


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def executemany(self, sql: str, rows: Any, /) -> object: ...
    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Driver(Protocol):
    """What a connection of SQLite's driver and one of PostgreSQL's have in common."""

    def execute(self, sql: str, given: Sequence[Any] = ..., /) -> Cursor: ...
    def cursor(self) -> Cursor: ...


class Compiled(NamedTuple):
    """A statement in the words of one database, and the values that stand in it, which come last."""

    sql: str
    behind: tuple[Any, ...]


def laid_out(compiled: SQLCompiler) -> Compiled:
    """A statement whose own values stand behind those that are given."""
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    behind = tuple(value for value in values if value is not None)
    assert values[len(values) - len(behind) :] == list(behind), "write values as text"
    return Compiled(str(compiled), behind)


_DIALECT = sqlite.dialect()


def driver_of(connection: Connection) -> Driver:
    """The driver's connection under `connection`, which goes on living with it."""
    return cast(Driver, connection.connection.driver_connection)


class Statement:
    """One statement. Its parameters are given in the order in which they stand in it (of an insert, the
    columns'); a limit comes last."""

    __slots__ = ("_clause", "_for_file", "_for_server")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)
        self._clause = clause
        self._for_file = laid_out(compiled)
        self._for_server: Compiled | None = None

    def rows(self, driver: Driver, *given: object) -> list[Row]:
        """All rows."""
        sql, behind = self._words(driver)
        return driver.execute(sql, given + behind).fetchall()

    def each(self, driver: Driver, *given: object) -> Iterator[Row]:
        """All rows, one after the other: for what is too much to hold together."""
        sql, behind = self._words(driver)
        if isinstance(driver, sqlite3.Connection):
            yield from driver.execute(sql, given + behind)
        else:
            from engine.store.postgres import stream

            yield from stream(driver, sql, given + behind)

    def first(self, driver: Driver, *given: object) -> Row | None:
        """The first row, None if there is none."""
        sql, behind = self._words(driver)
        row: Row | None = driver.execute(sql, given + behind).fetchone()
        return row

    def run(self, driver: Driver, *given: object) -> int:
        """How many rows were changed."""
        sql, behind = self._words(driver)
        return driver.execute(sql, given + behind).rowcount

    def run_many(self, driver: Driver, rows: Iterable[Row]) -> None:
        """Once for each of `rows`."""
        many = list(rows)
        if many:
            driver.cursor().executemany(self._words(driver).sql, many)

    def _words(self, driver: Driver) -> Compiled:
        if isinstance(driver, sqlite3.Connection):
            return self._for_file
        if self._for_server is None:
            from engine.store.postgres import compiled_for_server

            self._for_server = compiled_for_server(self._clause)
        return self._for_server
