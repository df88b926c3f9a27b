"""The log: leaves, their tree, its checkpoints, and single facts about the store."""

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    LargeBinary,
    String,
    Table,
    func,
    literal,
    select,
    text,
    true,
)

from consent.store.tables.metadata import NUMBER, metadata, where

facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),  # schema, origin, policy, check, signing_key
    Column("value", LargeBinary, nullable=False),
)

leaves = Table(
    "leaves",
    metadata,
    Column("seq", NUMBER, primary_key=True),
    Column("span", NUMBER, nullable=False),  # `span_of` its position
    Column("type", String, nullable=False),
    Column("subject", String),
    Column("purpose", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("told", Boolean, nullable=False),  # whether the feed carries it
    Column("language", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the exact bytes
)
Index(
    "leaves_of_subject", leaves.c.span, leaves.c.subject, leaves.c.seq, **where(leaves.c.subject.is_not(None))
)
Index("leaves_told", leaves.c.seq, **where(leaves.c.told == true()))
# In words of its own, for SQLite takes an index like this only for the very words that it was made with.
OF_REQUESTS = text("type IN ('request.received', 'request.extended', 'request.answered')")
Index("leaves_of_requests", leaves.c.seq, **where(OF_REQUESTS))

_SPAN = 65_536
_MOST_SPANS = 100_000  # 6.5 billion leaves: one that is planted further on holds up no query


def span_of(seq: int) -> int:
    """Which stretch of 65,536 leaves a position lies in. The index by subject, whose ids are random, is laid
    stretch by stretch: a new leaf goes where those before it went, so that the index costs the same however
    long the log is, and whoever looks for one subject's leaves looks once in each stretch."""
    return seq // _SPAN


def _in_any_span() -> ColumnElement[bool]:
    spans = select(literal(0, NUMBER).label("span")).cte("spans", recursive=True)
    newest = select(func.max(leaves.c.seq) // _SPAN).scalar_subquery()
    spans = spans.union_all(select(spans.c.span + 1).where(spans.c.span < newest, spans.c.span < _MOST_SPANS))
    return leaves.c.span.in_(select(spans.c.span))


IN_ANY_SPAN = _in_any_span()
"""Always true; beside a condition on `leaves.c.subject` it has the index by subject used."""

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
