"""Statements of SQLAlchemy Core, compiled once and run by the driver itself.

A sign-up or a mail is a dozen small statements. The driver runs one in a few microseconds; by way of
SQLAlchemy's connection each costs 30 to 100 more, which is most of what a mail costs. So what is done for
every person and every mail goes this way, inside the transaction that the connection has begun, and all else
by the connection."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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


class Driver(Protocol):
    """What a connection of SQLite's driver and one of PostgreSQL's have in common."""

    def execute(self, sql: str, given: Sequence[Any] = ..., /) -> Cursor: ...
    def cursor(self) -> Cursor: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...


class Compiled(NamedTuple):
    """A statement in the words of one database, the names of its parameters in their order, and the values of
    those that it was built with."""

    sql: str
    names: tuple[str, ...]
    fixed: dict[str, object]


def laid_out(compiled: SQLCompiler) -> Compiled:
    """What is needed of a compiled statement."""
    fixed = {name: _plain(value) for name, value in compiled.params.items() if value is not None}
    return Compiled(str(compiled), tuple(compiled.positiontup or ()), fixed)


_DIALECT = sqlite.dialect()


def driver_of(conn: Connection) -> Driver:
    """The driver's connection under `conn`, which goes on living with it."""
    return cast(Driver, conn.connection.driver_connection)


def under_way(driver: Driver) -> bool:
    """Whether a transaction has begun and not ended. On a connection that was lost none is."""
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    from consent.store.postgres import in_transaction

    return in_transaction(driver)


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
        if under_way(driver):
            driver.rollback()
        if conn.in_transaction():
            conn.rollback()  # nothing is left to undo: it only learns that the transaction is over


class Statement:
    """One statement. Its parameters are given by name; those that it was built with need not be given."""

    __slots__ = ("_clause", "_for_file", "_for_server")

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._for_file: Compiled | None = None
        self._for_server: Compiled | None = None

    @property
    def sql(self) -> str:
        """In SQLite's words."""
        return self._in_file().sql

    def rows(self, driver: Driver, **given: object) -> list[Row]:
        """All rows."""
        return self._run(driver, given).fetchall()

    def first(self, driver: Driver, **given: object) -> Row | None:
        """The first row, None if there is none."""
        row: Row | None = self._run(driver, given).fetchone()
        return row

    def run(self, driver: Driver, **given: object) -> int:
        """How many rows were changed."""
        return self._run(driver, given).rowcount

    def run_many(self, driver: Driver, rows: Iterable[Row]) -> None:
        """Once for each of `rows`, which are in the order of the parameters: of an insert, the columns'."""
        many = list(rows)
        if many:
            driver.cursor().executemany(self._words(driver).sql, many)

    def _run(self, driver: Driver, given: dict[str, object]) -> Cursor:
        sql, names, fixed = self._words(driver)
        return driver.execute(sql, [given[name] if name in given else fixed[name] for name in names])

    def _words(self, driver: Driver) -> Compiled:
        if isinstance(driver, sqlite3.Connection):
            return self._in_file()
        if self._for_server is None:
            from consent.store.postgres import compiled_for_server

            self._for_server = compiled_for_server(self._clause)
        return self._for_server

    def _in_file(self) -> Compiled:
        if self._for_file is None:
            compiled = self._clause.compile(dialect=_DIALECT)
            assert isinstance(compiled, SQLCompiler)
            self._for_file = laid_out(compiled)
        return self._for_file


def _plain(value: object) -> object:
    """Texts of enumerations as plain texts, which the driver takes without looking further."""
    return str(value) if isinstance(value, str) else value
