"""People who were erased, and stops that a restored store had lost."""

from sqlalchemy import Boolean, Column, String, Table

from consent.store.tables.metadata import NUMBER, metadata

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
    # When what a hold kept of them was destroyed; 0: none did, or it stands.
    Column("held_at", NUMBER, nullable=False, server_default="0"),
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
