"""The way of a mail: batches, decisions, and what was told of mails later."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, true

from consent.store.tables.metadata import NUMBER, metadata, where

batches = Table(
    "batches",
    metadata,
    Column("seq", NUMBER, primary_key=True),  # the leaf
    Column("first", NUMBER, nullable=False),  # id of the first decision
    Column("count", NUMBER, nullable=False),
    Column("policy", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("checkpoint", NUMBER, nullable=False),  # size of the one that the permits carry
)

decisions = Table(
    "decisions",
    metadata,
    # Rows stand in the order of claiming, so that settling a batch touches few pages; keys are random.
    Column("id", NUMBER, primary_key=True),
    Column("batch", NUMBER, nullable=False),
    Column("key", String, nullable=False),
    Column("attempt", NUMBER, nullable=False),
    Column("subject", String, nullable=False),
    Column("class", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("template", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("consent_seq", NUMBER, nullable=False),
    Column("epoch", NUMBER, nullable=False),
    Column("at", NUMBER, nullable=False),
    Column("reason", String),  # null: allowed, a permit was given
    Column("outcome", String),  # null: unsettled, or denied
    Column("code", NUMBER, nullable=False),
    Column("settled_at", NUMBER, nullable=False),
    Column("counted", Boolean, nullable=False),  # towards a topic's cap, or the person's own frequency
    Column("variant", String, nullable=False),  # how it was written
    Column("measured", Boolean, nullable=False),
    Column("message_id", String, nullable=False),  # empty: it was never written
)
_allowed = decisions.c.reason.is_(None)
Index("one_permit_per_attempt", decisions.c.key, decisions.c.attempt, unique=True, **where(_allowed))
Index(
    "one_unsettled_per_subject",
    decisions.c.subject,
    unique=True,
    **where(_allowed & decisions.c.outcome.is_(None)),
)
Index("denials_by_key", decisions.c.key, **where(decisions.c.reason.is_not(None)))
# An index in random order costs a page a row at each commit, a third of a claim: only what counts has one.
Index("counted_by_subject", decisions.c.subject, decisions.c.at, **where(decisions.c.counted == true()))

traces = Table(
    "traces",  # of decisions that were let go, as long as others of their batch are kept
    metadata,
    Column("id", NUMBER, primary_key=True),  # that of the decision
    Column("batch", NUMBER, nullable=False, index=True),
    Column("hash", LargeBinary, nullable=False),  # of its record, as a leaf of the batch's tree
)

spent = Table(
    "spent",  # mails that are over, and whose decisions were let go
    metadata,
    Column("mark", NUMBER, primary_key=True),  # made of the key
    Column("attempt", NUMBER, nullable=False),
    Column("outcome", String, nullable=False),
)

reports = Table(
    "reports",  # what was told by its key, once each: of a mail by a flow or the mailbox provider, of a sale
    metadata,
    Column("key", String, primary_key=True),
    Column("type", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("at", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)
