"""Signs of life in the inbox: what people did themselves, by which silence is told from absence."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from engine.store import schema as t

LIVING = (
    "page_viewed",
    "product_viewed",
    "cart_updated",
    "checkout_started",
    "order_placed",
    "review_submitted",
    "email_clicked",
)
"""Events that somebody causes. That a mail was opened is none: programs open mails too."""

_LOOKS_BACK = 100_000
"""Rows before the end of the inbox at which somebody begins who has not looked before."""


def beginning(connection: Connection) -> int:
    """The position behind which a first look begins."""
    end: int | None = connection.scalar(select(func.max(t.inbox.c.seq)))
    return max(0, (end or 0) - _LOOKS_BACK)


def signs(connection: Connection, after: int, limit: int) -> tuple[int, Sequence[tuple[str, int]]]:
    """Contacts and moments (ms UTC) of the next rows behind a position, and how far that led. A row that has
    no contact yet is waited for."""
    columns = t.inbox.c
    query = select(columns.seq, columns.kind, columns.contact, columns.address, columns.at)
    found: list[tuple[str, int]] = []
    for row in connection.execute(query.where(columns.seq > after).order_by(columns.seq).limit(limit)):
        if row.contact is None and row.address is not None:
            break
        after = row.seq
        if row.contact is not None and row.kind in LIVING:
            found.append((row.contact.hex(), row.at))
    return after, found
