"""Signs of life in the inbox: what people did themselves, by which silence is told from absence."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from engine.store import schema as t
from engine.store.statement import Driver, Statement

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


def beginning(driver: Driver) -> int:
    """The position behind which a first look begins."""
    found = _END.first(driver)
    return max(0, ((found[0] if found is not None else 0) or 0) - _LOOKS_BACK)


def signs(driver: Driver, after: int, limit: int) -> tuple[int, Sequence[tuple[str, int]]]:
    """Contacts and moments (ms UTC) of the next rows behind a position, and how far that led. A row that has
    no contact yet is waited for."""
    found: list[tuple[str, int]] = []
    for seq, kind, contact, address, at in _NEXT.rows(driver, after, limit):
        if contact is None and address is not None:
            break
        after = seq
        if contact is not None and kind in LIVING:
            found.append((contact.hex(), at))
    return after, found


_row = t.inbox.c
_END = Statement(select(func.max(_row.seq)))
_NEXT = Statement(
    select(_row.seq, _row.kind, _row.contact, _row.address, _row.at)
    .where(_row.seq > bindparam("after"))
    .order_by(_row.seq)
    .limit(bindparam("limit"))
)
