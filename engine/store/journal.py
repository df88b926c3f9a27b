"""The whole journal, and forgetting parts of it: what is too old, and all lines of somebody who was erased.

The newest row always stays: numbers of rows never come again, since readers go by them.
"""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, func, select, update

from engine.core.bundle import Entry, replace
from engine.store import lines
from engine.store import schema as t
from engine.store.statement import Driver, Statement


def forget(driver: Driver, before: int, limit: int) -> bool:
    """Forget up to `limit` of the oldest rows whose lines were written before an instant (ms UTC); whether
    there may be more."""
    newest = _NEWEST.first(driver)
    oldest = _OLDEST.rows(driver, limit)
    last = 0
    for seq, at in oldest:
        if at >= before or newest is None or seq >= newest[0]:
            break
        last = seq
    if last:
        _FORGET.run(driver, last)
    return bool(last) and len(oldest) == limit and last == oldest[-1][0]


def forget_people(driver: Driver, contacts: Collection[str], after: int, limit: int) -> int | None:
    """Take the lines of these people out of up to `limit` rows behind number `after`; the number from which
    to go on, None when all were looked through."""
    gone = frozenset(contacts)
    part = _PART.rows(driver, after, limit)
    for seq, body in part:
        found = lines.unpack(body)
        left = [line for line in found if line.contact not in gone]
        if len(left) < len(found):
            _REWRITE.run(driver, len(left), lines.pack(left), seq)
    return part[-1][0] if len(part) == limit else None


_journal = t.journal.c
_NEWEST = Statement(select(func.max(_journal.seq)))
_OLDEST = Statement(select(_journal.seq, _journal.at).order_by(_journal.seq).limit(bindparam("limit")))
_FORGET = Statement(delete(t.journal).where(_journal.seq <= bindparam("last")))
_PART = Statement(
    select(_journal.seq, _journal.body)
    .where(_journal.seq > bindparam("after"))
    .order_by(_journal.seq)
    .limit(bindparam("limit"))
)
_REWRITE = Statement(
    update(t.journal)
    .where(_journal.seq == bindparam("seq_"))
    .values(count=bindparam("lines"), body=bindparam("bytes"))
)


def whole(connection: Connection) -> list[Entry]:
    """All of it, ordered by (at, contact, n)."""
    bodies = connection.execute(select(t.journal.c.body).order_by(t.journal.c.seq))
    entries = [entry for (body,) in bodies for entry in lines.unpack(body)]
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.contact))  # stable: in order of writing
    numbered: list[Entry] = []
    for entry in ordered:
        before = numbered[-1] if numbered else None
        same = before is not None and (before.at, before.contact) == (entry.at, entry.contact)
        numbered.append(replace(entry, n=before.n + 1 if same and before is not None else 0))
    return numbered
