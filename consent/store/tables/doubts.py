"""People of whom the store says what the log does not."""

from sqlalchemy import Column, String, Table

from consent.store.tables.metadata import NUMBER, metadata

doubts = Table(
    "doubts",
    metadata,
    Column("subject", String, primary_key=True),  # empty: of nobody, but of the log itself
    Column("what", String, primary_key=True),  # differs: `standing TOPIC`, a column, `leaf SEQ`, …
    Column("at", NUMBER, nullable=False),  # when it was found, ms UTC
    sqlite_with_rowid=False,
)
