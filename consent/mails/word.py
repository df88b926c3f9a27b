"""An operator's word on a mail of which nobody knows whether it went: the mail server never answered its
final dot. It stands in the log for good, with who gave it; without it no further attempt may be claimed."""

from sqlalchemy import bindparam, select, update

from consent.contract import Contradiction, MailClass, Outcome
from consent.ledger.subjects import keep_evidence, load
from consent.ledger.transaction import Writing
from consent.proof.leaf import Leaf
from consent.store.statement import Statement
from consent.store.tables import decisions
from consent.subscriber.origin import note_told

ARRIVED, AGAIN = "mail.arrived", "mail.again"
"""Types of leaves."""

_NEWEST = Statement(
    select(
        decisions.c.id, decisions.c.attempt, decisions.c.outcome, decisions.c["class"], decisions.c.subject
    )
    .where(decisions.c.key == bindparam("of"), decisions.c.reason.is_(None))
    .order_by(decisions.c.attempt.desc())
    .limit(1)
)
_SETTLE = Statement(
    update(decisions).where(decisions.c.id == bindparam("row")).values(outcome=bindparam("ended"))
)


def give_word(tx: Writing, key: str, arrived: bool, actor: str) -> Outcome | None:
    """The newest attempt of `key`, settled as unknown, arrived, and counts as accepted; or it did not, and
    the next one may be claimed, of a mail for service only. What is settled otherwise stays as it is. Gives
    the outcome that stands from now on; None: there is no such mail, it is unsettled, or its person was
    erased. Raises `Contradiction`."""
    row = _NEWEST.first(tx.driver, of=key)
    if row is None or row[2] is None:
        return None
    number, attempt, outcome, mail_class, of = row
    if outcome != Outcome.UNKNOWN:
        return Outcome(outcome)
    subject = load(tx, [of]).get(of)
    if subject is None:
        return None
    if not arrived and mail_class != MailClass.SERVICE:
        raise Contradiction(
            f"{key} is no mail for service: it may have arrived, and nobody is to get it twice."
        )
    record = {"schema": "word/v1", "key": key, "attempt": attempt, "at": tx.now}
    commitment = keep_evidence(tx, subject, record)
    ended = Outcome.ACCEPTED if arrived else Outcome.RELEASED
    _SETTLE.run(tx.driver, row=number, ended=ended.value)
    if arrived:
        note_told(tx, [key])
    type_ = ARRIVED if arrived else AGAIN
    tx.log.append(Leaf(type=type_, subject=of, actor=actor, evidence=commitment))
    return ended
