"""Decisions that are kept no longer. A leaf says first up to which batch; then they go, part by part.

What stays: whatever may still be settled or spoken for by an operator, what caps look back on, and proof
under a legal hold. As long as a batch has any of these, hashes stand for the others, so that what is left
proves what it did. Of a mail that was accepted or refused a number is kept for good, so that it never goes
again; one that was deferred or given back has not gone, and may be claimed from its first attempt on."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, or_, select

from consent.caps import reach
from consent.contract import Outcome
from consent.ledger.decided import decided, record_of
from consent.ledger.let_go import LetGo, keep_let_go, last_let_go
from consent.ledger.spent import spend
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Expiry, Leaf
from consent.proof.record import record_bytes
from consent.proof.tree import leaf_hash
from consent.states import COMPLAINT, DECISIONS_EXPIRED, HARD_BOUNCE, SOFT_BOUNCE
from consent.store.statement import Statement
from consent.store.tables import among, batches, decisions, holds, leaves, merged, reports, traces
from consent.times import DAY_MS

_ROWS = 10  # a person's part of a job is about so many decisions
_FURTHER = 20_000  # leaves that are looked at together
_LATE_MS = 2 * DAY_MS
_OVER = frozenset({Outcome.ACCEPTED, Outcome.REFUSED})
_BY_KEY = json.dumps([COMPLAINT, HARD_BOUNCE, SOFT_BOUNCE])


def let_go(tx: Writing, most: int) -> int:
    """Forget decisions whose time is over; how many of them."""
    upto = _say(tx, last_let_go(tx))
    rows = tx.conn.execute(_GOING.limit(most * _ROWS), {"row": upto.row}).all() if upto.row else []
    if rows:
        _forget(tx, rows)
    return len(rows)


def overdue_decisions(reading: Reading, since: int) -> bool:
    """Whether there are decisions of before `since` (ms UTC) that should have gone two days ago: there are
    none where the jobs run."""
    known = last_let_go(reading)
    [(_, at)] = _LEAVES.rows(reading.driver, after=known.looked, most=1) or [(0, reading.now)]
    oldest: int = max(at, known.latest)
    return oldest < _kept_since(reading, since) - _LATE_MS


_LEAVES = Statement(
    select(leaves.c.seq, leaves.c.at)
    .where(leaves.c.seq >= bindparam("after"))
    .order_by(leaves.c.seq)
    .limit(bindparam("most"))
)
_BATCH = select(batches.c.seq, batches.c.first)
_KEPT = Statement(_BATCH.where(batches.c.seq >= bindparam("after")).order_by(batches.c.seq).limit(1))
_NEWEST = Statement(_BATCH.order_by(batches.c.seq.desc()).limit(1))


def _say(tx: Writing, known: LetGo) -> LetGo:
    """Say by a leaf up to which batch decisions may go now, if that is further than before. The newest batch
    stays, so that rows are counted on from it."""
    looked, latest = _old(tx, known)
    oldest, _ = _KEPT.first(tx.driver, after=known.before) or (0, 0)
    before, first = _KEPT.first(tx.driver, after=looked) or _NEWEST.first(tx.driver) or (0, 0)
    if oldest < before:
        expiry = Expiry(before, tx.parts.times.decision_months)
        leaf = tx.log.append(Leaf(type=DECISIONS_EXPIRED, actor="system:time", expired=expiry))
        found = LetGo(before, first, leaf, looked, latest)
    else:
        found = LetGo(known.before, known.row, known.leaf, looked, latest)
    if found != known:
        keep_let_go(tx, found)
    return found


def _old(tx: Writing, known: LetGo) -> tuple[int, int]:
    """How far the log is old enough, and the latest time in it up to there: a batch is no older than any leaf
    before it says, also where the clock was set back."""
    since = _kept_since(tx, tx.parts.times.decisions_since(tx.now))
    looked, latest = known.looked, known.latest
    for most in (1, _FURTHER):
        for seq, at in _LEAVES.rows(tx.driver, after=looked, most=most):
            if max(latest, at) >= since:
                return looked, latest
            looked, latest = seq + 1, max(latest, at)
    return looked, latest


def _kept_since(reading: Reading, since: int) -> int:
    """No cap may look back further than decisions reach."""
    caps = [purpose.cap_unit for _, purpose in reading.rules.purposes.values() if purpose.cap_count]
    return min([since, *(reading.now - reach(unit) for unit in caps)])


_STAYS = or_(
    decisions.c.reason.is_(None) & or_(decisions.c.outcome.is_(None), decisions.c.outcome == Outcome.UNKNOWN),
    exists().where(holds.c.subject == decisions.c.subject),
    # A hold on somebody is one on the mails that went to who has become part of them.
    exists().where(merged.c.subject == decisions.c.subject, holds.c.subject == merged.c.into),
)
_GOING = decided().where(decisions.c.id < bindparam("row"), ~_STAYS)
_DELETE = Statement(delete(decisions).where(among(decisions.c.id, "ids")))
_REPORTS = Statement(delete(reports).where(among(reports.c.key, "keys"), among(reports.c.type, "types")))
_TRACE = Statement(traces.insert())
_LEFT = Statement(
    select(batches.c.seq).where(
        among(batches.c.seq, "of"),
        exists().where(decisions.c.id >= batches.c.first, decisions.c.id < batches.c.first + batches.c.count),
    )
)
_TRACELESS = Statement(delete(traces).where(among(traces.c.batch, "of")))
_BATCHLESS = Statement(delete(batches).where(among(batches.c.seq, "of")))


def _forget(tx: Writing, rows: Sequence[Row[Any]]) -> None:
    _DELETE.run(tx.driver, ids=json.dumps([row.id for row in rows]))
    allowed = [row for row in rows if row.reason is None]
    spend(tx, [(row.key, row.attempt, row.outcome) for row in allowed if row.outcome in _OVER])
    _REPORTS.run(tx.driver, keys=json.dumps([row.key for row in allowed]), types=_BY_KEY)
    touched = {row.batch for row in rows}
    left = {seq for (seq,) in _LEFT.rows(tx.driver, of=json.dumps(sorted(touched)))}
    hashes = [
        (row.id, row.batch, leaf_hash(record_bytes(record_of(row)))) for row in rows if row.batch in left
    ]
    _TRACE.run_many(tx.driver, hashes)
    emptied = json.dumps(sorted(touched - left))
    _TRACELESS.run(tx.driver, of=emptied)
    _BATCHLESS.run(tx.driver, of=emptied)
