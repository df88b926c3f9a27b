"""A consent store in one schema of a PostgreSQL database.

The connection that writes holds an advisory lock as long as it lives, by which a second process is told so; a
connection that is lost takes the lock with it, so nothing is claimed or withdrawn without it. Each writing
transaction holds the log's lock, another advisory one, from its beginning. Reading ones see one moment."""

import contextlib
import hashlib
import os
import platform
import re
import select
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format, TransactionStatus
from sqlalchemy import ClauseElement, Connection, Dialect, Insert, LargeBinary, String, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.compiler import SQLCompiler

from consent.errors import AlreadyOpen, NoStore
from consent.store.anew import OF_PEOPLE
from consent.store.opened import Store
from consent.store.server import Server
from consent.store.statement import Compiled, Driver, driver_of, laid_out
from consent.store.tables import metadata

_REACH = 5  # seconds to wait for the server when connecting
_SILENT = 10  # seconds without a word after which a connection counts as lost
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SESSION = "pid || '-' || extract(epoch from backend_start)::text"
_SAMPLED = (
    "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0"
    " AND a.attstattarget IS DISTINCT FROM 0"
)
NOTHING_LOGGED = "SET log_parameter_max_length_on_error = 0"
"""A server may be set to write into its log what a statement that failed was given."""
_A_MOMENT = 2_000  # milliseconds to wait for whoever reads a table that is to be written anew
_NUMBER = re.compile(r"\d+")  # the first, of rows; in whatever language the server speaks
_DIALECT: Dialect = dialects.dialect(paramstyle="format")  # type: ignore[no-untyped-call]


class _Cursor(psycopg.Cursor[Any]):
    """Takes bytes and numbers as they are. What has no parameters is spelled out, for only so can several
    statements go together."""

    def __init__(self, connection: "psycopg.Connection[Any]", **given: Any) -> None:
        super().__init__(connection, **given)
        self.format = Format.BINARY

    def execute(self, query: Any, params: Any = None, **given: Any) -> "_Cursor":
        """See the driver's."""
        self.format = Format.BINARY if params else Format.TEXT
        return super().execute(query, params, **given)


class ServerStore(Store):
    """An open store on a server. `writer` and `reader` are other ones after they were renewed."""

    begin_reading = _BEGIN_READING
    faults: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, server: Server, writing: bool, durable: bool) -> None:
        self._server = server
        self._session = ""  # what the server knew the newest connection that wrote by
        key = lock_key(server, "writing")
        self.begin_writing = f"BEGIN; SELECT pg_advisory_xact_lock({key})"
        with contextlib.ExitStack() as opened:
            writer = self._open_writer(durable) if writing else None
            if writer is not None:
                opened.callback(_let_go, writer)
            stops = server.stops if writing and durable else None
            if stops is not None:
                stops.parent.mkdir(parents=True, exist_ok=True)
            super().__init__(writer, _open_reader(server), durable, stops)
            opened.pop_all()

    def renew_writer(self) -> bool:
        """See `Store`."""
        if self.writer is None or not _lost(self.writer):
            return False
        _let_go(self.writer)
        self.writer = self._open_writer(self.durable)
        return True

    def renew_reader(self) -> None:
        """See `Store`."""
        if _lost(self.reader):
            _let_go(self.reader)
            self.reader = _open_reader(self._server)

    def rewrite(self, table: str) -> bool:
        """See `Store`. Tables are written anew: a server keeps deleted rows until their space is wanted, and
        then too, as long as somebody may still read them, of which it gives the number. With the first, that
        of suppressions is laid in the order of its random marks, which tells no one's from another's."""
        assert self.writer is not None
        driver = driver_of(self.writer)
        assert isinstance(driver, psycopg.Connection)
        kept: list[int] = []

        def heed(said: psycopg.errors.Diagnostic) -> None:
            found = _NUMBER.search(said.message_detail or "")
            if found is not None:
                kept.append(int(found[0]))

        driver.add_notice_handler(heed)
        try:
            driver.execute(f"SET lock_timeout = {_A_MOMENT}")
            driver.execute(f"VACUUM (FULL, VERBOSE) {table}")
            if table == OF_PEOPLE[0]:
                driver.execute("CLUSTER suppressions USING suppressions_pkey")
        except psycopg.errors.LockNotAvailable:
            return False
        finally:
            driver.remove_notice_handler(heed)
            driver.execute("RESET lock_timeout")
        return not any(kept)

    def close(self) -> None:
        """See `Store`."""
        for connection in (self.reader, self.writer):
            if connection is not None:
                _let_go(connection)

    def _open_writer(self, durable: bool) -> Connection:
        driver = _reach(self._server, f"virta consent, process {os.getpid()} at {platform.node()}")
        try:
            self._hold(driver)
            schema = sql.Identifier(self._server.schema)
            known = driver.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [self._server.schema])
            if known.fetchone() is None:
                driver.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
            driver.execute(sql.SQL("SET search_path TO {}").format(schema))
            driver.execute(f"SET synchronous_commit = {'on' if durable else 'off'}")
            driver.execute(NOTHING_LOGGED)
            connection = _joined(driver, self.begin_writing)
            there = driver.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [self._server.schema]
            )
            if not {name for (name,) in there} >= set(metadata.tables):
                _compare_bytes()
                with connection.begin():
                    metadata.create_all(connection)
            keep_unsampled(driver, self._server.schema)
        except (psycopg.Error, AlreadyOpen):
            driver.close()
            raise
        return connection

    def _hold(self, driver: "psycopg.Connection[Any]") -> None:
        """Take the lock. It may still be held by a connection of our own that was lost on this side only."""
        key = lock_key(self._server, "open")
        for _ in range(2):
            if (driver.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() or [False])[0]:
                mine = driver.execute(f"SELECT {_SESSION} FROM pg_stat_activity WHERE pid = pg_backend_pid()")
                self._session = str((mine.fetchone() or [""])[0])
                return
            holder = _holder(driver, key)
            if holder is None or holder[0] != self._session:
                break
            driver.execute("SELECT pg_terminate_backend(%s, 5000)", [int(holder[0].partition("-")[0])])
        named = f" ({holder[1]})" if holder is not None and holder[1] else ""
        raise AlreadyOpen(
            f"Another process{named} has the consent store open for writing, {where(self._server)}. "
            "Only one may; stop that one first."
        )


def open_on_server(server: Server, durable: bool) -> Store:
    """Open for writing, made if missing. Raises `AlreadyOpen`, `NoStore` where the server refuses."""
    return _opened(server, True, durable)


def open_on_server_read_only(server: Server) -> Store:
    """Open for reading, also while another process writes. Raises `NoStore`."""
    return _opened(server, False, False)


def keep_unsampled(driver: "psycopg.Connection[Any]", schema: str) -> None:
    """Let the server keep no samples of keys, addresses and evidence for its statistics (`pg_statistic`): who
    was erased would stay in them, and only a superuser can take them out. Nothing is looked for by their
    order."""
    sealed = {
        (table, column.name)
        for table in OF_PEOPLE
        for column in metadata.tables[table].columns
        if isinstance(column.type, LargeBinary)
    }
    for table, column in sorted(sealed & set(driver.execute(_SAMPLED, [schema]).fetchall())):
        words = sql.SQL("ALTER TABLE {} ALTER {} SET STATISTICS 0")
        driver.execute(words.format(sql.Identifier(schema, table), sql.Identifier(column)))


def _opened(server: Server, writing: bool, durable: bool) -> Store:
    try:
        return ServerStore(server, writing, durable)
    except psycopg.Error as fault:
        raise NoStore(f"The consent store, {where(server)}, cannot be used: {reason(fault)}.") from None


def _reach(server: Server, name: str) -> "psycopg.Connection[Any]":
    given: dict[str, Any] = {"password": server.password} if server.password else {}
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
        **given,
    )


def _open_reader(server: Server) -> Connection:
    driver = _reach(server, f"virta consent, reading, process {os.getpid()} at {platform.node()}")
    try:
        there = driver.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'facts'", [server.schema]
        )
        if there.fetchone() is None:
            raise NoStore(f"There is no consent store {where(server)}.")
        driver.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(server.schema)))
    except (psycopg.Error, NoStore):
        driver.close()
        raise
    return _joined(driver, _BEGIN_READING)


def _joined(driver: "psycopg.Connection[Any]", begin: str) -> Connection:
    """SQLAlchemy's connection over one of the driver's, which it never replaces by another."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: driver,
        poolclass=StaticPool,
        pool_reset_on_return=None,  # one that is lost takes no rollback
        use_native_hstore=False,
    )

    @event.listens_for(engine, "begin")
    def begin_transaction(_connection: Connection) -> None:
        if not in_transaction(driver):
            driver.execute(begin)

    return engine.connect()


def _lost(connection: Connection) -> bool:
    """Whether the server has ended this connection, which is between two transactions: then there is
    something to read from it, and it takes no more."""
    if connection.closed:
        return True
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if driver.closed:
        return True
    if not select.select([driver.fileno()], [], [], 0)[0]:
        return False
    with contextlib.suppress(psycopg.Error):
        driver.execute("SELECT 1")
    return driver.closed


def _let_go(connection: Connection) -> None:
    if connection.closed:
        return
    engine, driver = connection.engine, connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with contextlib.suppress(psycopg.Error):  # of one that is lost
        connection.close()
    engine.dispose()
    driver.close()


def in_transaction(driver: Driver) -> bool:
    """Whether a transaction has begun and not ended."""
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)


def lock_key(server: Server, what: str) -> int:
    """The number of an advisory lock of this schema; locks of one database do not meet those of another."""
    digest = hashlib.sha256(f"virta consent {what} {server.schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def where(server: Server) -> str:
    """The database in words, without a password."""
    try:
        known = conninfo_to_dict(server.url)
    except psycopg.ProgrammingError:
        return f"in `{server.url}`, which is no address of a PostgreSQL database"
    host = known.get("host") or "this machine"
    return (
        f"in the schema {server.schema} of the PostgreSQL database {known.get('dbname', 'virta')} at {host}"
    )


def reason(fault: Exception) -> str:
    """Why the server refuses, in one line of its own words."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "it does not say why"


def compiled_for_server(clause: ClauseElement) -> Compiled:
    """A statement in PostgreSQL's words."""
    if isinstance(clause, Insert):
        clause = clause.inline()  # else it would ask for the number that each row is given
    compiled = clause.compile(dialect=_DIALECT)
    assert isinstance(compiled, SQLCompiler)
    return laid_out(compiled)


def _compare_bytes() -> None:
    """Let texts be in the order of their bytes, as in a file, whatever language the server speaks."""
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, String) and column.type.collation is None:
                column.type = String(column.type.length).with_variant(String(collation="C"), "postgresql")


def _holder(driver: "psycopg.Connection[Any]", key: int) -> tuple[str, str] | None:
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
