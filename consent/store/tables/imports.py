"""What was brought from other systems."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from consent.store.tables.metadata import NUMBER, metadata, where

imports = Table(
    "imports",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),  # running, done, undone
    Column("at", NUMBER, nullable=False),  # when it began
    Column("ended", NUMBER, nullable=False),  # 0: it has not
    Column("position", NUMBER, nullable=False),  # rows that are behind it
    Column("body", LargeBinary, nullable=False),  # what was said of it when it began, as JSON
    Column("counts", LargeBinary, nullable=False),  # of people by what became of them, as JSON
    sqlite_with_rowid=False,
)

imported = Table(
    "imported",  # people by what an import brought; of those who were stopped by it the leaf tells
    metadata,
    Column("import", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("row", NUMBER, nullable=False),  # counted over all files of the import, from 0
    Column("seq", NUMBER, nullable=False),  # the leaf
    Column("made", NUMBER, nullable=False),  # 1: nobody knew of them here before
    Column("due", NUMBER, nullable=False),  # until when they are to be told where their data is from
    Column("told", NUMBER, nullable=False),  # when they were; 0: not yet
    sqlite_with_rowid=False,
)
Index("imported_by_subject", imported.c.subject)
Index("imported_by_row", imported.c["import"], imported.c.row)
Index("imported_untold", imported.c.due, imported.c.subject, **where(imported.c.told == 0))
