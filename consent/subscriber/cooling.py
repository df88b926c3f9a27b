"""Cool-downs: how often an address gets a mail that asks for something, however often it is entered."""

from sqlalchemy import bindparam, update

from consent.ledger.subjects import Subject
from consent.ledger.transaction import Writing
from consent.store.statement import Statement
from consent.store.tables import subjects
from consent.times import DAY_MS

COOL_DOWNS_MS = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)

_ONE_MORE = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"))
    .values(proofs=subjects.c.proofs + 1, proof_at=bindparam("now"))
)
_HOLD_OFF = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"))
    .values(proofs=len(COOL_DOWNS_MS), proof_at=bindparam("now"))
)


def cooled_down(subject: Subject, now: int) -> bool:
    """Whether one more proof mail may be queued: at once, then after 1, 7, 30 and each further 30 days."""
    pause = COOL_DOWNS_MS[min(subject.proofs, len(COOL_DOWNS_MS)) - 1]
    return subject.proofs == 0 or now >= subject.proof_at + pause


def one_more(tx: Writing, subject: Subject) -> None:
    """A proof mail was queued for them."""
    _ONE_MORE.run(tx.driver, of=subject.id, now=tx.now)


def hold_off(tx: Writing, subject: Subject) -> None:
    """Begin the longest cool-down: someone got a proof mail that they never asked for."""
    _HOLD_OFF.run(tx.driver, of=subject.id, now=tx.now)
