"""Addresses that people had before, and ids that have become part of others."""

from sqlalchemy import Column, LargeBinary, String, Table

from consent.store.tables.metadata import NUMBER, metadata

former = Table(
    "former",  # addresses that somebody has left: what comes in by them is still theirs
    metadata,
    Column("lookup", LargeBinary, primary_key=True),  # HMAC of the folded address
    Column("subject", String, nullable=False, index=True),
    Column("address", LargeBinary, nullable=False),  # sealed: kept from marketing when they are erased
)

merged = Table(
    "merged",  # subjects who have become one with another: their links are the other's for ever
    metadata,
    Column("subject", String, primary_key=True),
    Column("into", String, nullable=False, index=True),
    # When the last that they got or asked for did, ms UTC: how long proof is kept counts from there.
    Column("ended", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
