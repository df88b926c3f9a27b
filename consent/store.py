"""The consent store: its tables, and how it is opened.

SQLite in WAL mode. Unless the store need not last, each commit is synced and freed space overwritten. Writers
begin `IMMEDIATE`: the log's lock. One process writes, which a lock file beside the store sees to; any number
may read."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.pool import StaticPool

from consent.errors import AlreadyOpen, NoStore
from consent.statement import driver_of

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),  # schema, origin, policy, check, signing_key
    Column("value", LargeBinary, nullable=False),
)

# ------------------------------------------------------------------ the log

leaves = Table(
    "leaves",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("type", String, nullable=False),
    Column("subject", String),
    Column("purpose", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("told", Boolean, nullable=False),  # whether the feed carries it
    Column("language", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the exact bytes
)
Index("leaves_of_subject", leaves.c.subject, leaves.c.seq, sqlite_where=leaves.c.subject.is_not(None))
Index("leaves_told", leaves.c.seq, sqlite_where=text("told = 1"))

nodes = Table(
    "nodes",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Integer, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("at", Integer, nullable=False),
    Column("note", String, nullable=False),
)

# ------------------------------------------------------------------ policy

purposes = Table(
    "purposes",
    metadata,
    Column("version", String, primary_key=True),
    Column("topic", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# ------------------------------------------------------------------ people

subjects = Table(
    "subjects",
    metadata,
    Column("id", String, primary_key=True),
    Column("lookup", LargeBinary, nullable=False, unique=True),  # HMAC of the folded address
    Column("wrapped", LargeBinary, nullable=False),  # the data key
    Column("address", LargeBinary, nullable=False),  # sealed
    Column("epoch", Integer, nullable=False),
    Column("language", String, nullable=False),
    Column("proofs", Integer, nullable=False),  # proof mails queued since the last confirmation
    Column("proof_at", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),  # the newest leaf of each kind; 0: there is none
    Column("complained", Integer, nullable=False),
    Column("bounced", Integer, nullable=False),
    Column("frequency", String, nullable=False),
    Column("paused_until", Integer, nullable=False),  # 0: not paused
    sqlite_with_rowid=False,
)

standings = Table(
    "standings",
    metadata,
    Column("subject", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("seq", Integer, nullable=False),  # the leaf that led here
    Column("version", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("expires", Integer, nullable=False),  # of a pending wish; 0: none
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",  # a sign-up that wants a proof mail; its id is the mail's key
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("language", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("mail", String, nullable=False),  # queued, claimed, sent, bounced, unknown
    Column("attempt", Integer, nullable=False),
    Column("not_before", Integer, nullable=False),
    Column("closed", String, nullable=False),  # "", confirmed, refused, withdrawn
)
# In words of its own, for SQLite takes an index like this only for a condition without parameters.
QUEUED = text("mail = 'queued' AND closed = ''")
Index("requests_queued", requests.c.at, requests.c.id, sqlite_where=QUEUED)

wishes = Table(
    "wishes",  # the topics of a request, in the version whose words the proof mail shows
    metadata,
    Column("request", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("version", String, nullable=False),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    Column("commitment", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("row", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

forms = Table(
    "forms",  # pages as they were shown, by the SHA-256 of their bytes
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# ------------------------------------------------------------------ the way of a mail

batches = Table(
    "batches",
    metadata,
    Column("seq", Integer, primary_key=True),  # the leaf
    Column("first", Integer, nullable=False),  # id of the first decision
    Column("count", Integer, nullable=False),
    Column("policy", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("checkpoint", Integer, nullable=False),  # size of the one that the permits carry
)

decisions = Table(
    "decisions",
    metadata,
    # Rows stand in the order of claiming, so that settling a batch touches few pages; keys are random.
    Column("id", Integer, primary_key=True),
    Column("batch", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("subject", String, nullable=False),
    Column("class", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("template", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("consent_seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    Column("reason", String),  # null: allowed, a permit was given
    Column("outcome", String),  # null: unsettled, or denied
    Column("code", Integer, nullable=False),
    Column("settled_at", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),  # towards a topic's cap, or the person's own frequency
    Column("variant", String, nullable=False),  # how it was written
    Column("measured", Boolean, nullable=False),
)
_allowed = decisions.c.reason.is_(None)
Index("one_permit_per_attempt", decisions.c.key, decisions.c.attempt, unique=True, sqlite_where=_allowed)
Index(
    "one_unsettled_per_subject",
    decisions.c.subject,
    unique=True,
    sqlite_where=_allowed & decisions.c.outcome.is_(None),
)
Index("denials_by_key", decisions.c.key, sqlite_where=decisions.c.reason.is_not(None))
# An index in random order costs a page a row at each commit, a third of a claim: only what counts has one.
Index("counted_by_subject", decisions.c.subject, decisions.c.at, sqlite_where=text("counted = 1"))

reports = Table(
    "reports",  # what was told about a mail by its key, once each: by a flow, or by the mailbox provider
    metadata,
    Column("key", String, primary_key=True),
    Column("type", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("at", Integer, nullable=False),
    sqlite_with_rowid=False,
)

made_up = Table(
    "made_up",  # stops that only the stops file knew of, and that were made up for
    metadata,
    Column("leaf", String, primary_key=True),  # the hash of the leaf that this store does not have
    sqlite_with_rowid=False,
)

SCHEMA = b"3"


def among(column: Column[str], name: str) -> ColumnElement[bool]:
    """`column` is one of the texts in the JSON array bound to `name`: one statement whatever their number."""
    rows = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(rows.c.value))


# ------------------------------------------------------------------ opening


class Store:
    """An open store. `path` is None for one in memory; `durable` says whether commits survive a power
    loss."""

    def __init__(
        self, writer: Connection | None, reader: Connection, path: Path | None, durable: bool
    ) -> None:
        self.writer = writer
        self.reader = reader
        self.path = path
        self.durable = durable
        self._lock: int | None = None

    def hold(self, lock: int) -> None:
        """Keep the lock file's descriptor until `close`."""
        self._lock = lock

    def image(self) -> bytes:
        """All that is in a store in memory, for others to begin with."""
        return driver_of(self.reader).serialize()

    def close(self) -> None:
        """Close the connections and let another process write."""
        for connection in (self.reader, self.writer):
            if connection is not None and not connection.closed:
                connection.close()
                connection.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_memory(image: bytes | None = None) -> Store:
    """A store that lives as long as it is open. `image`: what it begins with, by `Store.image`."""

    def make() -> sqlite3.Connection:
        raw = sqlite3.connect(":memory:", check_same_thread=False)
        if image is not None:
            raw.deserialize(image)
        return raw

    connection = _connect(make, "BEGIN IMMEDIATE", durable=False)
    if image is None:
        metadata.create_all(connection)
    connection.commit()
    return Store(connection, connection, None, False)


def open_file(path: Path, durable: bool) -> Store:
    """Open for writing, made if missing. Raises `AlreadyOpen`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    # For its owner only; SQLite gives the files beside it the mode that this one has.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    writer = _connect(lambda: sqlite3.connect(path, check_same_thread=False), "BEGIN IMMEDIATE", durable)
    metadata.create_all(writer)
    writer.commit()
    store = Store(writer, _reader(path), path, durable)
    store.hold(lock)
    return store


def open_read_only(path: Path) -> Store:
    """Open for reading, also while another process writes. Raises `NoStore`."""
    if not path.is_file():
        raise NoStore(f"There is no consent store at {path}.")
    return Store(None, _reader(path), path, False)


def _reader(path: Path) -> Connection:
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    return _connect(lambda: sqlite3.connect(place, uri=True, check_same_thread=False), "BEGIN", None)


def _connect(make: Callable[[], sqlite3.Connection], begin: str, durable: bool | None) -> Connection:
    engine: Engine = create_engine("sqlite://", creator=make, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def set_up(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None  # the driver begins no transactions of its own
        raw.execute("PRAGMA busy_timeout=10000")
        raw.execute("PRAGMA cache_size=-65536")
        if durable is not None:
            raw.execute(f"PRAGMA secure_delete={'ON' if durable else 'OFF'}")
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA wal_autocheckpoint=8000")
            raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        if not driver_of(connection).in_transaction:
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
