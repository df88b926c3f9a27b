"""The consent store: its tables, and what an open one is. `sqlite` and `postgres` open it.

One process writes; any number may read. Each writing transaction holds the log's lock from its beginning."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TextClause,
    bindparam,
    event,
    text,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from consent.store.statement import driver_of

metadata = MetaData()


def where(rows: ColumnElement[bool] | TextClause) -> dict[str, Any]:
    """That an index is of some rows only."""
    return {"sqlite_where": rows, "postgresql_where": rows}


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Positions and moments (ms UTC). SQLite lays rows in the order of what is called an integer."""

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
    Column("seq", NUMBER, primary_key=True),
    Column("type", String, nullable=False),
    Column("subject", String),
    Column("purpose", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("told", Boolean, nullable=False),  # whether the feed carries it
    Column("language", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the exact bytes
)
Index("leaves_of_subject", leaves.c.subject, leaves.c.seq, **where(leaves.c.subject.is_not(None)))
Index("leaves_told", leaves.c.seq, **where(leaves.c.told == true()))

nodes = Table(
    "nodes",
    metadata,
    Column("level", NUMBER, primary_key=True),
    Column("index", NUMBER, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", NUMBER, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("at", NUMBER, nullable=False),
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
    Column("epoch", NUMBER, nullable=False),
    Column("language", String, nullable=False),
    Column("proofs", NUMBER, nullable=False),  # proof mails queued since the last confirmation
    Column("proof_at", NUMBER, nullable=False),
    Column("confirmed", NUMBER, nullable=False),  # the newest leaf of each kind; 0: there is none
    Column("complained", NUMBER, nullable=False),
    Column("bounced", NUMBER, nullable=False),
    Column("frequency", String, nullable=False),
    Column("paused_until", NUMBER, nullable=False),  # 0: not paused
    sqlite_with_rowid=False,
)

standings = Table(
    "standings",
    metadata,
    Column("subject", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("seq", NUMBER, nullable=False),  # the leaf that led here
    Column("version", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("expires", NUMBER, nullable=False),  # of a pending wish; 0: none
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",  # a sign-up that wants a proof mail; its id is the mail's key
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("language", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("expires", NUMBER, nullable=False),
    Column("mail", String, nullable=False),  # queued, claimed, sent, bounced, unknown
    Column("attempt", NUMBER, nullable=False),
    Column("not_before", NUMBER, nullable=False),
    Column("closed", String, nullable=False),  # "", confirmed, refused, withdrawn
)
# In words of its own, for SQLite takes an index like this only for a condition without parameters.
QUEUED = text("mail = 'queued' AND closed = ''")
Index("requests_queued", requests.c.at, requests.c.id, **where(QUEUED))

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
    Column("seq", NUMBER, primary_key=True),  # the leaf
    Column("first", NUMBER, nullable=False),  # id of the first decision
    Column("count", NUMBER, nullable=False),
    Column("policy", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("checkpoint", NUMBER, nullable=False),  # size of the one that the permits carry
)

decisions = Table(
    "decisions",
    metadata,
    # Rows stand in the order of claiming, so that settling a batch touches few pages; keys are random.
    Column("id", NUMBER, primary_key=True),
    Column("batch", NUMBER, nullable=False),
    Column("key", String, nullable=False),
    Column("attempt", NUMBER, nullable=False),
    Column("subject", String, nullable=False),
    Column("class", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("template", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("consent_seq", NUMBER, nullable=False),
    Column("epoch", NUMBER, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("reason", String),  # null: allowed, a permit was given
    Column("outcome", String),  # null: unsettled, or denied
    Column("code", NUMBER, nullable=False),
    Column("settled_at", NUMBER, nullable=False),
    Column("counted", Boolean, nullable=False),  # towards a topic's cap, or the person's own frequency
    Column("variant", String, nullable=False),  # how it was written
    Column("measured", Boolean, nullable=False),
)
_allowed = decisions.c.reason.is_(None)
Index("one_permit_per_attempt", decisions.c.key, decisions.c.attempt, unique=True, **where(_allowed))
Index(
    "one_unsettled_per_subject",
    decisions.c.subject,
    unique=True,
    **where(_allowed & decisions.c.outcome.is_(None)),
)
Index("denials_by_key", decisions.c.key, **where(decisions.c.reason.is_not(None)))
# An index in random order costs a page a row at each commit, a third of a claim: only what counts has one.
Index("counted_by_subject", decisions.c.subject, decisions.c.at, **where(decisions.c.counted == true()))

reports = Table(
    "reports",  # what was told about a mail by its key, once each: by a flow, or by the mailbox provider
    metadata,
    Column("key", String, primary_key=True),
    Column("type", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)

erasures = Table(
    "erasures",  # of subjects, whose own rows are gone
    metadata,
    Column("subject", String, primary_key=True),
    Column("epoch", NUMBER, nullable=False),
    Column("seq", NUMBER, nullable=False),  # the leaf
    Column("at", NUMBER, nullable=False),
    Column("rewritten", Boolean, nullable=False),  # no page of the store holds anything of them any more
    Column("primary_at", NUMBER, nullable=False),  # 0: not yet
    Column("backups_at", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)

suppressions = Table(
    # Of addresses that were erased. No moment and no number: rows stand in the order of what is random, so
    # that none can be laid beside an erasure.
    "suppressions",
    metadata,
    Column("mark", String, primary_key=True),
    sqlite_with_rowid=False,
)

made_up = Table(
    "made_up",  # stops that only the stops file knew of, and that were made up for
    metadata,
    Column("leaf", String, primary_key=True),  # the hash of the leaf that this store does not have
    sqlite_with_rowid=False,
)

version = Table(  # of these tables: made with them, and moved on by migrations
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

SCHEMA = b"3"
HEAD = "0001"
"""The newest migration, after which a store has all these tables."""


@event.listens_for(version, "after_create")
def _stamp(made: Table, connection: Connection, **_given: object) -> None:
    connection.execute(made.insert().values(version_num=HEAD))


class Among(ColumnElement[bool]):
    """`column` is one of the values in the JSON array bound to `name`: one statement whatever their
    number."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: Column[Any], name: str) -> None:
        self.column = column
        self.given = bindparam(name, type_=String())

    def self_group(self, against: object = None) -> "Among":
        """As it stands it is true or false for every database."""
        return self


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """See `Among`."""
    return Among(column, name)


@compiles(Among, "sqlite")
def _among_in_file(element: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in (element.column, element.given))
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(Among, "postgresql")
def _among_on_server(element: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in (element.column, element.given))
    kind = "text" if isinstance(element.column.type, String) else "bigint"
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({values} AS json))::{kind}))"


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

    def rewrite(self) -> bool:
        """Leave nothing of deleted rows on any page, nor in the write-ahead log; between two transactions.
        False: somebody reads what was before, so it is to be done again. Deleted rows of a file were
        overwritten already, and what its log still holds goes into the file and away."""
        assert self.writer is not None
        driver = driver_of(self.writer)
        driver.execute(f"PRAGMA busy_timeout={_A_MOMENT}")
        busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
        return not busy

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
