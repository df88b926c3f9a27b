"""The engine's tables in one schema of a PostgreSQL database.

One connection does all, as with a file. It holds an advisory lock as long as it lives, by which a second
engine is told so; a connection that is lost takes the lock with it, so nothing can be written without it.
Each writing transaction holds another advisory lock from its beginning, as `BEGIN IMMEDIATE` does with a
file: commands that write beside the engine wait for each other, and a row's number is seen in the order of
the commits, however the sequence gave it out.
"""

import contextlib
import hashlib
import os
import platform
import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format
from sqlalchemy import ClauseElement, Connection, Dialect, Insert, MetaData, String, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.compiler import SQLCompiler

from engine.store.faults import NoRoom, StoreFault, StoreInUse, StoreWaits
from engine.store.server import Server
from engine.store.statement import Compiled, Driver, Row, laid_out

_REACH = 5  # seconds to wait for the server when connecting
_SILENT = 10  # seconds without a word after which a connection counts as lost
_ROWS_AT_ONCE = 500
_SESSION = "pid || '-' || extract(epoch from backend_start)::text"
_NEWEST = (
    "CREATE TABLE IF NOT EXISTS newest_transaction (name text NOT NULL);"
    "INSERT INTO newest_transaction SELECT '' WHERE NOT EXISTS (SELECT FROM newest_transaction)"
)
_SAMPLED = (
    "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0"
    " AND a.attstattarget IS DISTINCT FROM 0"
)
# A server may be set to write into its log what a statement that failed was given.
_NOTHING_LOGGED = "SET log_parameter_max_length_on_error = 0"
_A_MOMENT = 2_000  # milliseconds to wait for whoever reads a table that is to be written anew
_TELLING = frozenset({"address", "body", "code", "data", "error", "id"})
"""Columns that tell more of somebody than their random id; `id` is that of the shop for what happened."""
_NUMBER = re.compile(r"\d+")  # the first, of rows; in whatever language the server speaks
_DIALECT: Dialect = dialects.dialect(paramstyle="format")  # type: ignore[no-untyped-call]

_PASSING = (
    psycopg.errors.IoError,
    psycopg.errors.LockNotAvailable,
)


class _Cursor(psycopg.Cursor[Any]):
    """Takes bytes and numbers as they are, and not spelled out."""

    def __init__(self, connection: "psycopg.Connection[Any]", **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.format = Format.BINARY


class Postgres:
    """One schema of a server, and the lock on it."""

    faults: tuple[type[Exception], ...] = (OperationalError, psycopg.OperationalError)

    def __init__(self, server: Server, tables: MetaData, durable: bool) -> None:
        self._server = server
        self._tables = tables
        self._durable = durable
        self._driver: psycopg.Connection[Any] | None = None
        self._session = ""  # what the server knows the newest connection by
        self._begun = 0  # transactions of that connection

    def open(self) -> Connection:
        """A connection that holds the lock; the schema and its tables are made if missing. Raises
        `StoreInUse`, `StoreFault`."""
        self.close()
        driver = reach(self._server, f"virta engine, process {os.getpid()} at {platform.node()}")
        try:
            self._hold(driver)
            connection = self._prepare(driver)
        except (psycopg.Error, DatabaseError) as fault:
            driver.close()
            raise StoreFault(f"{where(self._server)} cannot be used: {reason(fault)}") from None
        except StoreFault:
            driver.close()
            raise
        self._driver = driver
        return connection

    def gone(self) -> bool:
        """Whether the connection is lost, and the lock with it."""
        return self._driver is None or self._driver.closed

    def shortage(self, fault: Exception) -> StoreWaits | None:
        """See `Keeper`. A server whose disk has no room even for its own log ends all connections instead."""
        cause = getattr(fault, "orig", fault)
        if isinstance(cause, psycopg.errors.DiskFull):
            return NoRoom(f"there is no room for the engine's database: {reason(cause)}")
        if isinstance(cause, _PASSING):
            return StoreWaits(f"the engine's database did not take a write: {reason(cause)}")
        return None

    def hurry(self, driver: Driver, hurried: bool) -> None:
        """Nothing to do: whoever holds the lock of those who write is waited for by the server."""

    def newest(self) -> str:
        """The name of the newest transaction that was begun."""
        return f"{self._session}-{self._begun}"

    def committed(self, name: str) -> bool:
        """Whether that transaction, whose connection was lost, was committed all the same. It wrote its name
        down: the numbers that the server gives are given anew after a crash."""
        assert self._driver is not None
        row = self._driver.execute("SELECT name FROM newest_transaction").fetchone()
        return row is not None and row[0] == name

    def rewrite(self, driver: Driver, tables: Sequence[str]) -> bool:
        """See `Keeper`. A server keeps deleted rows until their space is wanted, so the tables are written
        anew; and then too, as long as somebody may still read them, of which it gives the number."""
        assert isinstance(driver, psycopg.Connection)
        kept: list[int] = []

        def heed(said: psycopg.errors.Diagnostic) -> None:
            found = _NUMBER.search(said.message_detail or "")
            if found is not None:
                kept.append(int(found[0]))

        driver.add_notice_handler(heed)
        try:
            driver.execute(f"SET lock_timeout = {_A_MOMENT}")
            driver.execute(f"VACUUM (FULL, VERBOSE) {', '.join(tables)}")
        except psycopg.errors.LockNotAvailable:
            return False
        finally:
            driver.remove_notice_handler(heed)
            driver.execute("RESET lock_timeout")
        return not any(kept)

    def close(self) -> None:
        """Let another process have it."""
        if self._driver is not None:
            self._driver.close()

    def _hold(self, driver: "psycopg.Connection[Any]") -> None:
        """Take the lock. It may still be held by a connection of our own that was lost on this side only."""
        key = lock_key(self._server, "running")
        for _ in range(2):
            if (driver.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() or [False])[0]:
                mine = driver.execute(f"SELECT {_SESSION} FROM pg_stat_activity WHERE pid = pg_backend_pid()")
                self._session, self._begun = str((mine.fetchone() or [""])[0]), 0
                return
            holder = held_by(driver, key)
            if holder is None or holder[0] != self._session:
                break
            driver.execute("SELECT pg_terminate_backend(%s, 5000)", [int(holder[0].partition("-")[0])])
        named = f"{holder[1]}, " if holder is not None and holder[1] else ""
        raise StoreInUse(
            f"Another process is running this project's engine ({named}with {where(self._server)}). "
            "Stop it first."
        )

    def _prepare(self, driver: "psycopg.Connection[Any]") -> Connection:
        schema = sql.Identifier(self._server.schema)
        known = driver.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [self._server.schema])
        if known.fetchone() is None:
            driver.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        driver.execute(sql.SQL("SET search_path TO {}").format(schema))
        driver.execute(f"SET synchronous_commit = {'on' if self._durable else 'off'}")
        driver.execute(_NOTHING_LOGGED)
        psycopg.Cursor(driver).execute(_NEWEST)
        connection = joined(driver)
        key = lock_key(self._server, "writing")

        @event.listens_for(connection.engine, "begin")
        def begin(_connection: Connection) -> None:
            self._begun += 1
            begin_writing(driver, key, self.newest())

        compare_bytes(self._tables)
        if not self._known(driver):
            with connection.begin():
                self._tables.create_all(connection)
        keep_unsampled(driver, self._server.schema, self._tables)
        return connection

    def _known(self, driver: "psycopg.Connection[Any]") -> bool:
        """Whether all tables are there: asked for at once, for a lost connection is not to wait longer."""
        there = driver.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [self._server.schema])
        return {name for (name,) in there} >= set(self._tables.tables)


def keep_unsampled(driver: "psycopg.Connection[Any]", schema: str, tables: MetaData) -> None:
    """Let the server keep no samples of what is known of people for its statistics (`pg_statistic`): who was
    erased would stay in them, and only a superuser can take them out. Nobody is looked for by it; ids, which
    stay in any case, are sampled."""
    told = {
        (table.name, column.name)
        for table in tables.sorted_tables
        if "contact" in table.c or table.name in ("contact", "journal")
        for column in table.columns
        if column.name in _TELLING
    }
    for table, column in sorted(told & set(driver.execute(_SAMPLED, [schema]).fetchall())):
        words = sql.SQL("ALTER TABLE {} ALTER {} SET STATISTICS 0")
        driver.execute(words.format(sql.Identifier(schema, table), sql.Identifier(column)))


def reach(server: Server, name: str) -> "psycopg.Connection[Any]":
    """A connection of the driver's that begins no transaction of its own; the server knows it as `name`.
    Raises `StoreFault`."""
    given = {"password": server.password} if server.password else {}
    try:
        return psycopg.connect(
            server.url,
            autocommit=True,
            cursor_factory=_Cursor,
            connect_timeout=_REACH,
            application_name=name[:63],
            keepalives_idle=_SILENT // 2,
            keepalives_interval=1,
            keepalives_count=_SILENT // 2,
            tcp_user_timeout=_SILENT * 1000,
            **given,  # type: ignore[arg-type]
        )
    except psycopg.Error as fault:
        raise StoreFault(f"{where(server)} cannot be reached: {reason(fault)}") from None


@contextlib.contextmanager
def beside(server: Server, writing: bool) -> Iterator[Connection]:
    """A connection beside a running engine: one that sees one moment and writes nothing, or one whose
    transactions wait for all others that write. Raises `StoreFault` if nothing has run there yet."""
    driver = reach(server, f"virta command, process {os.getpid()} at {platform.node()}")
    try:
        if not _has_engine(driver, server):
            raise StoreFault(f"There is no engine database in {where(server)}: nothing has run here yet.")
        driver.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(server.schema)))
        connection = joined(driver)
        key = lock_key(server, "writing")

        @event.listens_for(connection.engine, "begin")
        def begin(_connection: Connection) -> None:
            if writing:
                begin_writing(driver, key)
            else:
                driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

        with connection:
            yield connection
    except (psycopg.Error, DatabaseError) as fault:
        raise StoreFault(f"{where(server)} cannot be used: {reason(fault)}") from None
    finally:
        driver.close()


def has_engine(server: Server) -> bool:
    """Whether an engine has run there. Raises `StoreFault`."""
    driver = reach(server, f"virta command, process {os.getpid()} at {platform.node()}")
    with contextlib.closing(driver):
        return _has_engine(driver, server)


def is_held(server: Server) -> bool:
    """Whether an engine runs there now. Raises `StoreFault`."""
    driver = reach(server, f"virta command, process {os.getpid()} at {platform.node()}")
    with contextlib.closing(driver):
        return held_by(driver, lock_key(server, "running")) is not None


def _has_engine(driver: "psycopg.Connection[Any]", server: Server) -> bool:
    there = driver.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'note'", [server.schema]
    )
    return there.fetchone() is not None


def joined(driver: "psycopg.Connection[Any]") -> Connection:
    """SQLAlchemy's connection over one of the driver's, which it never replaces by another."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: driver,
        poolclass=StaticPool,
        pool_reset_on_return=None,  # one that is lost takes no rollback
        use_native_hstore=False,
    )
    return engine.connect()


def begin_writing(driver: "psycopg.Connection[Any]", key: int, name: str = "") -> None:
    """Begin a transaction once no other writes, in one exchange with the server. It leaves its `name`."""
    named = f"; UPDATE newest_transaction SET name = '{name}'" if name else ""
    plain = psycopg.Cursor(driver)  # only spelled out can several statements go together
    plain.execute(f"BEGIN; SELECT pg_advisory_xact_lock({key}){named}")


def lock_key(server: Server, what: str) -> int:
    """The number of an advisory lock of this schema; locks of one database do not meet those of another."""
    digest = hashlib.sha256(f"virta {what} {server.schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def where(server: Server) -> str:
    """The database in words, without a password."""
    try:
        known = conninfo_to_dict(server.url)
    except psycopg.ProgrammingError:
        return f"`{server.url}`, which is no address of a PostgreSQL database,"
    host = known.get("host") or "this machine"
    return f"the schema {server.schema} in the PostgreSQL database {known.get('dbname', 'virta')} at {host}"


def reason(fault: Exception) -> str:
    """Why the server refuses, in one line of its own words."""
    told = fault.orig if isinstance(fault, DatabaseError) else fault
    lines = [line.strip() for line in str(told).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "it does not say why"


def compare_bytes(tables: MetaData) -> None:
    """Let texts be in the order of their bytes, as in a file, whatever language the server speaks."""
    for table in tables.tables.values():
        for column in table.columns:
            if isinstance(column.type, String) and column.type.collation is None:
                column.type = String(column.type.length).with_variant(String(collation="C"), "postgresql")


def compiled_for_server(clause: ClauseElement) -> Compiled:
    """A statement in PostgreSQL's words."""
    if isinstance(clause, Insert):
        clause = clause.inline()  # else it would ask for the number that each row is given
    compiled = clause.compile(dialect=_DIALECT)
    assert isinstance(compiled, SQLCompiler)
    return laid_out(compiled)


def stream(driver: Driver, statement: str, given: Sequence[Any]) -> Iterator[Row]:
    """Rows as they come, a few at a time."""
    assert isinstance(driver, psycopg.Connection)
    with contextlib.closing(driver.cursor()) as cursor:
        yield from cursor.stream(statement, given, size=_ROWS_AT_ONCE)


def held_by(driver: "psycopg.Connection[Any]", key: int) -> tuple[str, str] | None:
    """Session and name of whoever holds a lock."""
    row: tuple[str, str] | None = driver.execute(
        f"SELECT {_SESSION}, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND (classid::bigint << 32) | objid::bigint = %s",
        [key],
    ).fetchone()
    return row


@compiles(OnConflictDoUpdate, "postgresql")
def _update(element: Any, compiler: PGCompiler, **given: Any) -> str:
    """What SQLAlchemy writes for SQLite is the same here; it only never names a constraint."""
    element.constraint_target = None
    return str(compiler.visit_on_conflict_do_update(element, **given))  # type: ignore[no-untyped-call]


@compiles(OnConflictDoNothing, "postgresql")
def _nothing(element: Any, compiler: PGCompiler, **given: Any) -> str:
    element.constraint_target = None
    return str(compiler.visit_on_conflict_do_nothing(element, **given))  # type: ignore[no-untyped-call]
