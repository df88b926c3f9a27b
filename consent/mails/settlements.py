"""How attempts ended, and what the service knows of a key."""

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from consent.contract import Contradiction, MailClass, Outcome, Reason, Settlement, Status
from consent.ledger.spent import spent_among
from consent.ledger.subjects import keep_evidence
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import load_living
from consent.mails.handed import members_of, record_of
from consent.proof.leaf import Leaf
from consent.store.statement import Statement
from consent.store.tables import among, batches, decisions, requests
from consent.subscriber import hold, hold_notice
from consent.subscriber.hold_notice import Way
from consent.subscriber.origin import note_told

_CLAIMED = Statement(
    select(
        decisions.c.key,
        decisions.c.attempt,
        decisions.c.id,
        decisions.c.outcome,
        batches.c.sender,
        decisions.c["class"],
        decisions.c.subject,
    )
    .join(batches, batches.c.seq == decisions.c.batch)
    .where(decisions.c.reason.is_(None), among(decisions.c.key, "keys"))
)
_SETTLE = Statement(
    update(decisions)
    .where(decisions.c.id == bindparam("row"))
    .values(outcome=bindparam("ended"), code=bindparam("reply"), settled_at=bindparam("now"))
)
_PROOF = Statement(
    update(requests)
    .where(requests.c.id == bindparam("key"))
    .values(mail=bindparam("now_is"), attempt=bindparam("next"), not_before=bindparam("from_then"))
)
_FIRST_RETRY_MS = 60_000
_LAST_RETRY_MS = 4 * 3_600_000


def settle(tx: Writing, sender: str, settlements: Sequence[Settlement]) -> None:
    """Record how attempts ended. A repeat changes nothing. Raises `Contradiction`."""
    if not settlements:
        return
    keys = json.dumps([settlement.key for settlement in settlements])
    claimed = {(row[0], row[1]): row for row in _CLAIMED.rows(tx.driver, keys=keys)}
    rows: dict[int, tuple[str, int, int, int]] = {}
    proofs: list[tuple[Settlement, str]] = []
    notices: list[Settlement] = []
    for settlement in settlements:
        known = claimed.get((settlement.key, settlement.attempt))
        if known is None or known[4] != sender:
            raise Contradiction(
                f"Attempt {settlement.attempt} of {settlement.key} cannot be settled: "
                f"{sender} never claimed it."
            )
        _, _, row, outcome, _, mail_class, subject = known
        before = rows[row][0] if row in rows else outcome
        if before == settlement.outcome:
            continue
        if before is not None:
            raise Contradiction(
                f"Attempt {settlement.attempt} of {settlement.key} was settled as {before}, "
                f"it cannot become {settlement.outcome}."
            )
        rows[row] = (settlement.outcome.value, settlement.code, tx.now, row)
        if mail_class == MailClass.PROOF:
            proofs.append((settlement, subject))
        elif mail_class == MailClass.NOTICE:
            notices.append(settlement)
    if rows:
        _SETTLE.run_many(tx.driver, rows.values())
        note_told(tx, [one.key for one in settlements if one.outcome is Outcome.ACCEPTED])
    for settlement, subject in proofs:
        _settle_proof(tx, settlement, subject)
    for settlement in notices:
        _settle_notice(tx, settlement)


def _settle_proof(tx: Writing, settlement: Settlement, subject: str) -> None:
    state = {
        Outcome.ACCEPTED: "sent",
        Outcome.REFUSED: "bounced",
        Outcome.UNKNOWN: "unknown",
        Outcome.DEFERRED: "queued",
        Outcome.RELEASED: "queued",
    }[settlement.outcome]
    _PROOF.run(
        tx.driver,
        key=settlement.key,
        now_is=state,
        next=settlement.attempt + 1,
        from_then=tx.now + _pause(settlement),
    )
    if settlement.outcome not in _TOLD:
        return
    person = load_living(tx, subject)
    kept = keep_evidence(tx, person, record_of(settlement, tx.now)) if person is not None else ""
    tx.log.append(Leaf(type=_TOLD[settlement.outcome], subject=subject, evidence=kept))


# Of one that was given back nothing had left: there is nothing to tell.
_TOLD = {
    Outcome.ACCEPTED: "proof_mail.accepted",
    Outcome.REFUSED: "proof_mail.bounced",
    Outcome.DEFERRED: "proof_mail.deferred",
    Outcome.UNKNOWN: "proof_mail.unknown",
}
_WAYS = {
    Outcome.ACCEPTED: Way.SENT,
    Outcome.REFUSED: Way.BOUNCED,
    Outcome.UNKNOWN: Way.UNKNOWN,
    Outcome.DEFERRED: Way.QUEUED,
    Outcome.RELEASED: Way.QUEUED,
}


def _settle_notice(tx: Writing, settlement: Settlement) -> None:
    """Whoever the mail server took it for is told."""
    way, again = _WAYS[settlement.outcome], tx.now + _pause(settlement)
    subject = hold_notice.settled(tx, settlement.key, way, settlement.attempt + 1, again)
    if subject is not None and way is Way.SENT:
        hold.told_by_mail(tx, subject, settlement.key, members_of(settlement))


def _pause(settlement: Settlement) -> int:
    """Milliseconds until such a mail may be tried again."""
    if settlement.outcome is not Outcome.DEFERRED:
        return 0
    return min(_FIRST_RETRY_MS << 2 * min(settlement.attempt - 1, 8), _LAST_RETRY_MS)


_STATUS = select(
    decisions.c.key, decisions.c.attempt, decisions.c.outcome, decisions.c.reason, decisions.c.id
).where(among(decisions.c.key, "keys"))
# Two statements, for each has an index of its own.
_CLAIMED_STATUS = Statement(_STATUS.where(decisions.c.reason.is_(None)))
_DENIED_STATUS = Statement(
    _STATUS.where(
        decisions.c.reason.is_not(None),
        decisions.c.reason != Reason.ALREADY_CLAIMED,
        decisions.c.reason != Reason.WRONG_ATTEMPT,
    )
)


def status(reading: Reading, keys: Sequence[str]) -> list[Status | None]:
    """What became of each key, in order. Being told that a key was claimed before is no news of it."""
    wanted = json.dumps(list(keys))
    newest: dict[str, tuple[int, Status]] = {}
    for query in (_CLAIMED_STATUS, _DENIED_STATUS):
        for key, attempt, outcome, reason, row in query.rows(reading.driver, keys=wanted):
            if key not in newest or newest[key][0] < row:
                newest[key] = (
                    row,
                    Status(
                        key,
                        attempt,
                        Outcome(outcome) if outcome else None,
                        Reason(reason) if reason else None,
                    ),
                )
    missing = [key for key in keys if key not in newest]
    spent = spent_among(reading, missing)
    over = {key: Status(key, one.attempt, Outcome(one.outcome)) for key, one in spent.items()}
    return [newest[key][1] if key in newest else over.get(key) for key in keys]


_UNSETTLED = Statement(
    select(decisions.c.id, decisions.c.key, decisions.c.attempt)
    .join(batches, batches.c.seq == decisions.c.batch)
    .where(
        decisions.c.reason.is_(None),
        decisions.c.outcome.is_(None),
        decisions.c.subject > "",  # true of all: it leads SQLite to the small index of what is unsettled
        batches.c.sender == bindparam("sender"),
    )
)


def unsettled(reading: Reading, sender: str) -> list[tuple[str, int]]:
    """Keys and attempts that `sender` claimed and did not settle, oldest first."""
    # Sorted here: asked to sort, SQLite would walk the whole table in its order.
    rows = sorted(_UNSETTLED.rows(reading.driver, sender=sender))
    return [(key, attempt) for _, key, attempt in rows]
