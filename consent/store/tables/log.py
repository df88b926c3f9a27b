"""The log: leaves, their tree, its checkpoints, and single facts about the store."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, true

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
