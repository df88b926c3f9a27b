"""What other processes tell a running engine: rows that are only ever added, in order, never taken away.

A command writes its row through a connection of its own and takes no lock of the engine's. The engine looks
between its steps and keeps in a cursor, in the same transaction as what came of them, how far it has come:
so each row is acted on once, however often the engine dies. What no engine sees now waits for the next one.

A row's number is one more than the last: whoever writes at the same moment as another waits for that one, so
no row appears behind one that was read already.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import StaticPool

from engine.store import arrivals, releases
from engine.store import schema as t
from engine.store.arrivals import Received
from engine.store.database import StoreFault, beside
from engine.store.releases import Release
from engine.store.server import Place, Server
from engine.store.statement import Driver, Statement, driver_of

CURSOR = "control"
"""The name of the cursor that says up to which row the engine has acted."""

ARRIVALS = "arrivals"
"""The kind of a row that says that the inbox has more."""

PATIENCE = 5000
"""How long to wait for another writer, in milliseconds."""

_TRIES = 20
_LOOK_AGAIN = 0.05  # seconds between looks whether the engine has seen a row

control = Table(
    "control",
    t.metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("by", String, nullable=False),
)


class Instruction(Struct, frozen=True):
    """One row. `at` is ms UTC, `kind` says what is asked for, `body` is JSON that its kind gives a meaning
    to, `by` who asked, as in `anna at shop1`."""

    seq: int
    at: int
    kind: str
    body: bytes
    by: str


def behind(driver: Driver, after: int, limit: int) -> list[Instruction]:
    """The first `limit` rows behind number `after`, in order."""
    return [Instruction(*row) for row in _BEHIND.rows(driver, after, limit)]


def add(connection: Connection, kind: str, body: bytes, by: str, at: int) -> int:
    """Add a row in the transaction of a connection; its number."""
    connection.execute(_ADD, {"at_": at, "kind_": kind, "body_": body, "by_": by})
    seq: int = connection.execute(_LAST).scalar_one()
    return seq


def last_sign(driver: Driver) -> int | None:
    """When the newest lines of the journal were written (ms UTC); None: there are none."""
    found = _NEWEST.first(driver, 1)
    return None if found is None else found[0]


class Desk:
    """The control table, as commands use it: beside a running engine. `open_desk` makes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def instruct(self, kind: str, body: bytes, by: str, at: int) -> int:
        """Add a row; its number. The row is durable when this returns."""
        for _ in range(_TRIES):
            try:
                with self._connection.begin():
                    return add(self._connection, kind, body, by, at)
            except IntegrityError:  # another one was faster, where writers do not wait for each other
                continue
        raise StoreFault("too many others write to the engine's database at the same time")

    def arrive(self, items: Sequence[Received]) -> None:
        """Put rows into the inbox; an id that is there already is left as it is. A running engine finds them
        when it next commits anything, or by a row of the kind `ARRIVALS`."""
        with self._connection.begin():
            arrivals.accept(driver_of(self._connection), items)

    def release(self, new: Release) -> None:
        """Add a release, which is durable when this returns. Raises `Overtaken` if there is one of its
        number."""
        with self._connection.begin():
            releases.add(self._connection, new)

    def all(self) -> list[Instruction]:
        """Every row, in order."""
        with self._connection.begin():
            return [Instruction(*row) for row in self._connection.execute(_ALL)]

    def acted_on(self) -> int:
        """The number of the row up to which the engine has acted."""
        return self.note(CURSOR)

    def note(self, name: str) -> int:
        """What the engine has noted under a name; 0: nothing."""
        with self._connection.begin():
            value = self._connection.scalar(select(t.note.c.value).where(t.note.c.name == name))
        return int(value) if value else 0

    def wait_for(self, seq: int, seconds: float) -> bool:
        """Whether the engine acts on row `seq` within so many seconds; that none runs is not told apart."""
        until = time.monotonic() + seconds
        while self.acted_on() < seq:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_AGAIN)
        return True


@contextmanager
def open_desk(path: Place) -> Iterator[Desk]:
    """The control table in the engine's database at `path`, whether an engine runs or not. Raises
    `StoreFault` if there is none, or it takes no row."""
    if isinstance(path, Server):
        with beside(path, writing=True) as connection:
            yield Desk(connection)
        return
    if not path.is_file():
        raise StoreFault(f"There is no engine database at {path}: nothing has run here yet.")
    place = f"file:{quote(str(path.absolute()))}?mode=rw"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False),
        poolclass=StaticPool,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE}")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    try:
        with engine.connect() as connection:
            yield Desk(connection)
    except DatabaseError as fault:
        raise StoreFault(_refused(path, str(fault.orig))) from None
    finally:
        engine.dispose()


def _refused(path: Path, reason: str) -> str:
    if reason.startswith("no such "):
        return f"{path} was written by an earlier version of Virta. Start `virta serve` once, and try again."
    if "locked" in reason:
        return f"{path} is locked by another program. Try again when that one is done."
    if "readonly" in reason:
        return f"{path} belongs to another user, or is read-only. Run this as the user who runs the engine."
    return f"{path} cannot be used as a database: {reason}."


_BEHIND = Statement(
    select(control.c.seq, control.c.at, control.c.kind, control.c.body, control.c.by)
    .where(control.c.seq > bindparam("after"))
    .order_by(control.c.seq)
    .limit(bindparam("limit"))
)
_NEWEST = Statement(select(t.journal.c.at).order_by(t.journal.c.seq.desc()).limit(bindparam("limit")))
_ALL = select(control.c.seq, control.c.at, control.c.kind, control.c.body, control.c.by).order_by(
    control.c.seq
)
_LAST = select(func.max(control.c.seq))
_ADD = insert(control).from_select(
    ["seq", "at", "kind", "body", "by"],
    select(
        func.coalesce(func.max(control.c.seq), 0) + 1,
        bindparam("at_", type_=BigInteger),
        bindparam("kind_", type_=String),
        bindparam("body_", type_=LargeBinary),
        bindparam("by_", type_=String),
    ),
)
