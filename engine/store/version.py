"""Which version the engine's tables have: made with them, and moved on by migrations."""

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, event

HEAD = "0001"
"""The newest migration, after which a database has all tables of `schema`."""


def with_version(metadata: MetaData) -> Table:
    """The table in which Alembic keeps the version. Tables that are made here anew have the newest."""
    table = Table(
        "alembic_version",
        metadata,
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
    )

    @event.listens_for(table, "after_create")
    def stamp(made: Table, connection: Connection, **_given: object) -> None:
        connection.execute(made.insert().values(version_num=HEAD))

    return table
