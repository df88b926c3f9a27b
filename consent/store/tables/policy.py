"""What was ever published: purposes and policies."""

from sqlalchemy import Column, LargeBinary, String, Table

from consent.store.tables.metadata import metadata

purposes = Table(
    "purposes",
    metadata,
    Column("version", String, primary_key=True),
    Column("topic", String, nullable=False),
    Column("ground", String, nullable=False),  # the oldest version whose consent holds for this one too
    Column("body", LargeBinary, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
