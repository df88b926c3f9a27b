"""Legal holds: proof that is kept under a key of its own until a day."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from consent.store.tables.metadata import NUMBER, metadata

holds = Table(
    "holds",  # those that stand
    metadata,
    Column("subject", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),  # the data key, by the hold key
    Column("until", NUMBER, nullable=False),  # ms UTC
    Column("seq", NUMBER, nullable=False),  # the leaf
    Column("at", NUMBER, nullable=False),
    Column("told", NUMBER, nullable=False),  # when the person was told of it; 0: not yet
    sqlite_with_rowid=False,
)
Index("holds_until", holds.c.until)

held = Table(
    "held",  # what they seal, a piece for each commitment, and one for the address
    metadata,
    Column("subject", String, primary_key=True),
    Column("commitment", String, primary_key=True),
    Column("row", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

notices = Table(
    "notices",  # mails that tell people of a hold on their proof
    metadata,
    Column("subject", String, primary_key=True),
    Column("key", String, nullable=False),  # of the mail
    Column("until", NUMBER, nullable=False),  # what it tells, ms UTC
    Column("mail", String, nullable=False),  # queued, claimed, sent, bounced, unknown
    Column("attempt", NUMBER, nullable=False),
    Column("not_before", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
Index("notices_by_key", notices.c.key, unique=True)
Index("notices_by_way", notices.c.mail, notices.c.not_before)
