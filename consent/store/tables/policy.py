"""What was ever published: purposes and policies."""

from sqlalchemy import Column, LargeBinary, String, Table

from consent.store.tables.metadata import metadata

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
