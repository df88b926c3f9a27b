"""Proof that is kept no longer, and what of it is cut short before."""

import json
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, exists, not_, select, update

from consent.errors import WrongKeys
from consent.ledger.subjects import load
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import GOING, State
from consent.store.columns import blob
from consent.store.statement import Statement
from consent.store.tables import among, evidence, holds, merged, standings, subjects
from consent.timed.swept import is_swept, sweep
from consent.times import DAY_MS

PROOF_PURGED = "proof.purged"

_STILL = json.dumps([*sorted(GOING), State.PENDING.value])
_HELD = exists().where(holds.c.subject == evidence.c.subject)
_RESTRICTED = exists().where(subjects.c.id == evidence.c.subject, subjects.c.restricted > 0)
_OLD = (
    select(evidence.c.subject)
    .where(evidence.c.sealed != b"", evidence.c.at < bindparam("before"))
    .where(not_(_HELD), not_(_RESTRICTED))
    .where(
        not_(
            exists().where(
                and_(
                    standings.c.subject == evidence.c.subject,
                    (standings.c.at >= bindparam("before")) | among(standings.c.state, "still"),
                )
            )
        )
    )
    # What ended with somebody who has become part of them is as young as anything of their own.
    .where(not_(exists().where(merged.c.into == evidence.c.subject, merged.c.ended >= bindparam("before"))))
    .distinct()
    .limit(bindparam("most"))
)
_OLD_PROOF = Statement(_OLD)
_OLD_PROOF_OF = Statement(_OLD.where(among(evidence.c.subject, "ids")))
_EMPTY = Statement(
    update(evidence)
    .where(evidence.c.subject == bindparam("of"), evidence.c.at < bindparam("before"))
    .values(sealed=b"", ip=b"", whole=False)
)


def old_proof(reading: Reading, most: int) -> list[str] | None:
    """Of whom evidence is kept that is to be forgotten. None: all were looked at today."""
    before = reading.parts.times.proof_since(reading.now)
    if is_swept(reading, "proof", str(before)):
        return None
    rows = _OLD_PROOF.rows(reading.driver, before=before, still=_STILL, most=most)
    return [subject for (subject,) in rows]


def purge_proof(tx: Writing, most: int, found: Sequence[str]) -> int:
    """Forget the evidence of people who left everything years ago, or fell silent: of those that were
    `found`, if it still is so. What the log says of them stays, and all of whoever wants it kept: a hold or a
    restriction."""
    before = tx.parts.times.proof_since(tx.now)
    ids = json.dumps(list(found))
    rows = _OLD_PROOF_OF.rows(tx.driver, before=before, still=_STILL, most=most, ids=ids)
    if len(found) < most:
        sweep(tx, "proof", str(before))
    for (identity,) in rows:
        _EMPTY.run(tx.driver, of=identity, before=before)
        tx.log.append(Leaf(type=PROOF_PURGED, subject=identity, actor="system:time"))
    return len(rows)


_WHOLE_IPS = Statement(
    select(evidence.c.commitment, evidence.c.subject, evidence.c.row, evidence.c.ip)
    .where(evidence.c.whole, evidence.c.at <= bindparam("before"), not_(_HELD))
    .order_by(evidence.c.at)
    .limit(bindparam("most"))
)
_SHORTEN = Statement(
    update(evidence)
    .where(evidence.c.commitment == bindparam("of"))
    .values(ip=bindparam("sealed_ip"), whole=False)
)


def shorten_ips(tx: Writing, most: int) -> int:
    """Cut IP addresses down to their networks. The commitments in the log hold as before."""
    before = tx.now - tx.parts.times.ip_days * DAY_MS
    rows = _WHOLE_IPS.rows(tx.driver, before=before, most=most)
    people = load(tx, [subject for _, subject, _, _ in rows])
    vault = tx.parts.vault
    for commitment, identity, row, ip in rows:
        subject = people.get(identity)
        try:
            short = vault.shorten_ip(identity, subject.wrapped, row, blob(ip)) if subject is not None else b""
        except WrongKeys:  # what cannot be opened is not kept whole; the scrub tells of it
            short = b""
        _SHORTEN.run(tx.driver, of=commitment, sealed_ip=short)
    return len(rows)
