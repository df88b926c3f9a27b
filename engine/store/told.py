"""Events of certain kinds, read in parts: what the shop has told, whomever it was about."""

from collections.abc import Collection
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, select

from engine.store import rows
from engine.store import schema as t


class Told(Struct, frozen=True):
    """An event without its contact. `at` is ms UTC, `seq` its place in the inbox."""

    seq: int
    kind: str
    at: int
    data: dict[str, Any]


def find(
    connection: Connection, kinds: Collection[str], since: int, after: int, until: int, limit: int
) -> list[Told]:
    """The first `limit` events from `since` on that stand behind `after` and not behind `until`."""
    inbox = t.inbox.c
    found = connection.execute(
        select(inbox.seq, inbox.kind, inbox.at, inbox.data)
        .where(inbox.seq > after, inbox.seq <= until, inbox.kind.in_(sorted(kinds)), inbox.at >= since)
        .order_by(inbox.seq)
        .limit(limit)
    )
    return [Told(row.seq, row.kind, row.at, rows.data_of(row.data)) for row in found]
