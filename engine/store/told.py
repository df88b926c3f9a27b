"""Events of certain kinds, read in parts: what the shop has told, whomever it was about, or by person."""

from collections.abc import Collection
from itertools import groupby
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import Connection, select

from engine.store import rows
from engine.store import schema as t

Past: TypeAlias = tuple[str, tuple[tuple[str, dict[str, Any]], ...]]
"""A contact, and events of theirs by name, newest first."""

_MOST = 50
"""Events of one person; what they did before these, is long over."""


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


def past(connection: Connection, kinds: Collection[str], since: int, after: str, limit: int) -> list[Past]:
    """The people behind `after`, in order, who had events of these kinds since then; about as many of them as
    have `limit` events. There is no index for it, so it reads the whole inbox, and is not asked for often."""
    inbox = t.inbox.c
    found = connection.execute(
        select(inbox.contact, inbox.kind, inbox.at, inbox.data)
        .where(inbox.contact > bytes.fromhex(after), inbox.kind.in_(sorted(kinds)), inbox.at >= since)
        .order_by(inbox.contact, inbox.at.desc(), inbox.seq.desc())
        .limit(limit)
    ).all()
    people: list[Past] = []
    for contact, every in groupby(found, key=lambda row: bytes(row.contact)):
        events = [(row.kind, {**rows.data_of(row.data), "at": row.at}) for row in list(every)[:_MOST]]
        people.append((contact.hex(), tuple(events)))
    return people[:-1] if len(found) == limit and len(people) > 1 else people
