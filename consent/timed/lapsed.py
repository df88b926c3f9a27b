"""Wishes that nobody confirmed, and what was kept of the asking."""

import json

from sqlalchemy import bindparam, delete, exists, not_, or_, select, update

from consent.ledger.marking import SUPPRESSED
from consent.ledger.subjects import Subject, load
from consent.ledger.suppression import suppress
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import parts_of
from consent.proof.leaf import Leaf
from consent.states import ASKED, HARD_BOUNCE, PENDING_PURGED, SOFT_BOUNCE, State, Step
from consent.store.statement import Statement
from consent.store.tables import (
    IN_ANY_SPAN,
    UNCONFIRMED,
    among,
    doubts,
    evidence,
    holds,
    leaves,
    reports,
    requests,
    standings,
    subjects,
    wishes,
)
from consent.subscriber import moving
from consent.timed.steps import step_each
from consent.times import DAY_MS

_LAPSED = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(
        standings.c.expires > 0,  # what the index has
        standings.c.state == State.PENDING.value,
        standings.c.expires <= bindparam("now"),
    )
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


_UNCLAIMED_MS = DAY_MS
"""A proof mail that was claimed, and whose outcome is not told so long after its link lapsed, is lost."""

# Requests go with what is known of whoever asked, and none of it while something keeps that.
_OLD_REQUESTS = Statement(
    select(requests.c.id, requests.c.subject)
    .join(subjects, subjects.c.id == requests.c.subject)
    .where(
        UNCONFIRMED,
        requests.c.at <= bindparam("before"),
        requests.c.expires <= bindparam("now"),
        or_(requests.c.mail != "claimed", requests.c.expires <= bindparam("lost")),
        subjects.c.proof_at <= bindparam("before"),
        subjects.c.restricted == 0,
        not_(exists().where(holds.c.subject == requests.c.subject)),
    )
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
        (doubts, doubts.c.subject),
        (subjects, subjects.c.id),
    )
)
_ASKING = json.dumps(
    [
        *(str(step) for step in (Step.REQUESTED, Step.REFUSED, Step.EXPIRED)),
        "notice.served",
        "link.fetched",
        "proof_mail.queued",
        "proof_mail.accepted",
        "proof_mail.bounced",
        "proof_mail.deferred",
        "proof_mail.unknown",
        "topic.changed",
        moving.REFUSED,
        SUPPRESSED,
        HARD_BOUNCE,
        SOFT_BOUNCE,
    ]
)
_MORE = Statement(
    select(leaves.c.seq)
    .where(IN_ANY_SPAN, leaves.c.subject == bindparam("of"), not_(among(leaves.c.type, "asking")))
    .limit(1)
)


def purge_pending(tx: Writing, most: int) -> int:
    """Forget requests that came to nothing, and of people who never confirmed anything all that was kept of
    the asking; of those whom nobody else knows, everything."""
    before = tx.now - tx.parts.times.pending_days * DAY_MS
    rows = _OLD_REQUESTS.rows(tx.driver, now=tx.now, before=before, lost=tx.now - _UNCLAIMED_MS, most=most)
    if not rows:
        return 0
    gone = json.dumps([request for request, _ in rows])
    _DROP_WISHES.run(tx.driver, ids=gone)
    _DROP_REQUESTS.run(tx.driver, ids=gone)
    for subject in load(tx, [subject for _, subject in rows]).values():
        if _came_to_nothing(tx, subject):
            _purge(tx, subject)
    return len(rows)


def _came_to_nothing(tx: Writing, subject: Subject) -> bool:
    """Whether there was nothing but the asking: that their mailbox does not exist is no word of theirs;
    anything else that was noted of them is a reason to keep what proves it, and so is whatever was
    of somebody who has become part of them."""
    return (
        not (subject.confirmed or subject.complained or subject.objected)
        and not parts_of(tx, [subject.id])
        and all(standing.at(tx.now) in ASKED for standing in subject.standings.values())
        and _OPEN.first(tx.driver, of=subject.id) is None
        and _MORE.first(tx.driver, of=subject.id, asking=_ASKING) is None
    )


def _purge(tx: Writing, subject: Subject) -> None:
    known = _KNOWN.first(tx.driver, of=subject.id)
    if known is not None and known[0]:
        _EMPTY.run(tx.driver, of=subject.id)
    else:
        if any(standing.state is State.REFUSED for standing in subject.standings.values()):
            suppress(tx, subject)  # no list of another system brings back who said "this wasn't me"
        for statement in _FORGET:
            statement.run(tx.driver, of=subject.id)
    tx.log.append(Leaf(type=PENDING_PURGED, subject=subject.id, actor="system:time"))
