"""Wishes that nobody confirmed, and what was kept of the asking."""

import json

from sqlalchemy import bindparam, delete, select, update

from consent.ledger.sealing import find_hold
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import State, Step
from consent.store.statement import Statement
from consent.store.tables import among, evidence, reports, requests, standings, subjects, wishes
from consent.timed.steps import step_each
from consent.times import DAY_MS

PENDING_PURGED = "pending.purged"

_LAPSED = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(standings.c.state == State.PENDING.value, standings.c.expires <= bindparam("now"))
    .order_by(standings.c.expires)
    .limit(bindparam("most"))
)


def overdue(reading: Reading, most: int = 1000) -> int:
    """How many wishes stand pending although their time is over: 0 where the jobs run."""
    return len(_LAPSED.rows(reading.driver, now=reading.now, most=most))


def expire(tx: Writing, most: int) -> int:
    """Write down that a wish was not confirmed in time. (The gate has denied it since.)"""
    rows = _LAPSED.rows(tx.driver, now=tx.now, most=most)
    return step_each(tx, rows, Step.EXPIRED, "system:time")


_OLD_REQUESTS = Statement(
    select(requests.c.id, requests.c.subject)
    .where(requests.c.at <= bindparam("before"), requests.c.expires <= bindparam("now"))
    .where(requests.c.closed != "confirmed", requests.c.mail != "claimed")
    .order_by(requests.c.at)
    .limit(bindparam("most"))
)
_OPEN = Statement(select(requests.c.id).where(requests.c.subject == bindparam("of")).limit(1))
_DROP_WISHES = Statement(delete(wishes).where(among(wishes.c.request, "ids")))
_DROP_REQUESTS = Statement(delete(requests).where(among(requests.c.id, "ids")))
_KNOWN = Statement(select(subjects.c.known).where(subjects.c.id == bindparam("of")))
_EMPTY = Statement(
    update(evidence).where(evidence.c.subject == bindparam("of")).values(sealed=b"", ip=b"", whole=False)
)
_FORGET = tuple(
    Statement(delete(table).where(column == bindparam("of")))
    for table, column in (
        (standings, standings.c.subject),
        (evidence, evidence.c.subject),
        (reports, reports.c.subject),
        (subjects, subjects.c.id),
    )
)
_NEVER = frozenset({State.NONE, State.PENDING, State.EXPIRED, State.REFUSED})


def purge_pending(tx: Writing, most: int) -> int:
    """Forget requests that came to nothing, and of people who never confirmed anything all that was kept of
    the asking; of those whom nobody else knows, everything."""
    before = tx.now - tx.parts.times.pending_days * DAY_MS
    rows = _OLD_REQUESTS.rows(tx.driver, now=tx.now, before=before, most=most)
    if not rows:
        return 0
    gone = json.dumps([request for request, _ in rows])
    _DROP_WISHES.run(tx.driver, ids=gone)
    _DROP_REQUESTS.run(tx.driver, ids=gone)
    people = load(tx, [subject for _, subject in rows])
    for subject in people.values():
        if _came_to_nothing(tx, subject) and subject.proof_at <= before:
            _purge(tx, subject)
    return len(rows)


def _came_to_nothing(tx: Writing, subject: Subject) -> bool:
    return (
        not (subject.confirmed or subject.stopped or subject.restricted)
        and find_hold(tx, subject.id) is None
        and all(standing.at(tx.now) in _NEVER for standing in subject.standings.values())
        and _OPEN.first(tx.driver, of=subject.id) is None
    )


def _purge(tx: Writing, subject: Subject) -> None:
    known = _KNOWN.first(tx.driver, of=subject.id)
    for statement in (_EMPTY,) if known is not None and known[0] else _FORGET:
        statement.run(tx.driver, of=subject.id)
    tx.log.append(Leaf(type=PENDING_PURGED, subject=subject.id, actor="system:time"))
