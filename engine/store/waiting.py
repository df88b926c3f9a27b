"""How far the engine is behind, counted in its store."""

from msgspec import Struct
from sqlalchemy import bindparam, func, select

from engine.store import schema as t
from engine.store.due import TIMERS_DUE, WATCHES_DUE
from engine.store.statement import Driver, Statement

MOST = 100_000
"""Up to here overdue deadlines are counted; more of them are told as so many."""

_OVERDUE = [
    Statement(
        select(func.count()).select_from(
            moments.where(due_at < bindparam("now")).limit(bindparam("most")).subquery()
        )
    )
    for moments, due_at in ((TIMERS_DUE, t.timer.c.due), (WATCHES_DUE, t.watch.c.due))
]
_received = select(t.inbox.c.received).where(t.inbox.c.seq > bindparam("after"))
_OLDEST = Statement(_received.order_by(t.inbox.c.seq).limit(bindparam("most")))
_EFFECTS = Statement(select(func.count()).select_from(t.effect))


class Waiting(Struct, frozen=True):
    """`oldest` is when the first event that is not worked on was taken in (ms UTC), None: there is none;
    `overdue` are deadlines of before `now`, but for those of people who are set aside; `effects` what was
    asked for and is not done."""

    oldest: int | None
    overdue: int
    effects: int


def count(driver: Driver, after: int, now: int) -> Waiting:
    """What waits behind position `after` of the inbox, at `now` (ms UTC)."""
    first = _OLDEST.first(driver, after, 1)
    overdue = [found[0] for each in _OVERDUE if (found := each.first(driver, now, MOST)) is not None]
    effects = _EFFECTS.first(driver)
    assert effects is not None
    return Waiting(first[0] if first else None, min(sum(overdue), MOST), effects[0])
