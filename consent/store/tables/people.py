"""People: who they are, where they stand, what they wished for and what proves it."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, text, true

from consent.store.tables.metadata import NUMBER, metadata, where

subjects = Table(
    "subjects",
    metadata,
    Column("id", String, primary_key=True),
    Column("lookup", LargeBinary, nullable=False, unique=True),  # HMAC of the folded address
    Column("wrapped", LargeBinary, nullable=False),  # the data key
    Column("address", LargeBinary, nullable=False),  # sealed
    Column("epoch", NUMBER, nullable=False),
    Column("language", String, nullable=False),
    Column("proofs", NUMBER, nullable=False),  # proof mails queued since the last confirmation
    Column("proof_at", NUMBER, nullable=False),
    Column("confirmed", NUMBER, nullable=False),  # the newest leaf of each kind; 0: there is none
    Column("complained", NUMBER, nullable=False),
    Column("bounced", NUMBER, nullable=False),
    Column("objected", NUMBER, nullable=False, server_default="0"),  # to all marketing
    Column("restricted", NUMBER, nullable=False, server_default="0"),  # 0 again once it is lifted
    Column("frequency", String, nullable=False),
    Column("paused_until", NUMBER, nullable=False),  # 0: not paused
    Column("alive", NUMBER, nullable=False, server_default="0"),  # their last sign of life, ms UTC
    Column("known", Boolean, nullable=False, server_default="1"),  # not by a sign-up alone
    Column(
        "moved", NUMBER, nullable=False, server_default="0"
    ),  # to this address, ms UTC; 0: it is the first
    # Links to choose from before do not count, ms UTC: they moved, or one came into other hands. 0: all do.
    Column("links_since", NUMBER, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)

standings = Table(
    "standings",
    metadata,
    Column("subject", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("seq", NUMBER, nullable=False),  # the leaf that led here
    Column("version", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("expires", NUMBER, nullable=False),  # of a pending wish; 0: none
    Column("facts", NUMBER, nullable=False, server_default="0"),  # of a soft opt-in: those that are known
    Column("asked", String, nullable=False, server_default=""),  # the version that they were asked to renew
    sqlite_with_rowid=False,
)

Index("standings_pending", standings.c.expires, **where(standings.c.expires > 0))

requests = Table(
    "requests",  # a sign-up that wants a proof mail; its id is the mail's key
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("language", String, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("expires", NUMBER, nullable=False),
    Column("mail", String, nullable=False),  # queued, claimed, sent, bounced, unknown
    Column("attempt", NUMBER, nullable=False),
    Column("not_before", NUMBER, nullable=False),
    Column("closed", String, nullable=False),  # "", confirmed, refused, withdrawn, moved
    Column("moves", String, nullable=False, server_default=""),  # whose address this mail's is to become
    Column("tells", String, nullable=False, server_default=""),  # the request that this mail is a notice of
)
# In words of its own, for SQLite takes an index like this only for a condition without parameters.
QUEUED = text("mail = 'queued' AND closed = ''")
Index("requests_queued", requests.c.at, requests.c.id, **where(QUEUED))
UNCONFIRMED = text("closed != 'confirmed'")
Index("requests_by_time", requests.c.at, **where(UNCONFIRMED))
MOVES = text("moves != ''")
Index("requests_that_move", requests.c.moves, **where(MOVES))

wishes = Table(
    "wishes",  # the topics of a request, in the version whose words the proof mail shows
    metadata,
    Column("request", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("version", String, nullable=False),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    Column("commitment", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("row", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # empty once its time is over
    Column("ip", LargeBinary, nullable=False),  # sealed, apart from the rest
    Column("whole", Boolean, nullable=False),  # that it has not been cut short
    Column("at", NUMBER, nullable=False),
)
Index("evidence_with_ips", evidence.c.at, **where(evidence.c.whole == true()))

forms = Table(
    "forms",  # pages as they were shown, by the SHA-256 of their bytes
    metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
