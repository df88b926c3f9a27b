"""Which tables a store has."""

from sqlalchemy import Column, Connection, PrimaryKeyConstraint, String, Table, event

from consent.store.tables.metadata import metadata

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
