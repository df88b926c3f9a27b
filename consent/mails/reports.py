"""What is told about a mail by its key, once each: that a flow unsubscribes its reader, that they called it
spam, that it came back."""

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from consent.contract import Heard, Outcome
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import Standing, Subject, keep_evidence
from consent.ledger.transaction import Writing
from consent.ledger.whose import load_living
from consent.proof.leaf import Leaf
from consent.states import COMPLAINT, HARD_BOUNCE, SOFT_BOUNCE, Step
from consent.store.statement import Statement
from consent.store.tables import decisions, leaves, reports
from consent.subscriber import hold
from consent.subscriber.cooling import hold_off
from consent.subscriber.withdrawal import silence, stop

PROVIDER = "provider"
KINDS = {"hard": HARD_BOUNCE, "soft": SOFT_BOUNCE}


def withdraw_by_flow(
    tx: Writing, subject: str, topic: str, flow: str, key: str, at: int | None = None
) -> Heard:
    """Withdraw `topic` (empty: all) on the person's behalf, once per key, as far as they agreed to it, and by
    `at` (ms UTC) had: a wish that is not confirmed yet is not the flow's to take, nor a consent that is
    younger by more than two clocks may differ."""
    found = load_living(tx, subject)
    if found is None:
        return Heard.UNKNOWN
    if not _first(tx, key, Step.WITHDRAWN, found.id):
        return Heard.AGAIN
    topics = [topic] if topic else sorted(found.standings)
    stops = [one for one in topics if found.gets(one) and not _younger(tx, found.standing(one), at)]
    if stops:
        record: Evidence = {"schema": "flow/v1", "flow": flow, "key": key, "at": tx.now}
        stop(tx, found, stops, f"flow:{flow}", record)
    return Heard.NEW


def complained(tx: Writing, key: str, at: int | None = None) -> Heard:
    """Whoever got the mail called it spam: nothing goes to them until they confirm anew, and whoever enters
    the address again must wait as after "this wasn't me". Told before, it counts once more only if `at` (ms
    UTC) is after they had come back."""
    subject = _reader(tx, key)
    if subject is None:
        return Heard.UNKNOWN
    if not _first(tx, key, COMPLAINT, subject.id) and not _came_back(tx, subject, at):
        return Heard.AGAIN
    silence(tx, subject, COMPLAINT, PROVIDER, _record("complaint/v1", key, tx.now))
    hold_off(tx, subject)
    return Heard.NEW


def bounced(tx: Writing, key: str, kind: str) -> Heard:
    """The mail came back: `hard` stops the address, `soft` is recorded. What comes back from an address that
    they have left says nothing of the one that they have. Raises `ValueError` for any other kind."""
    if kind not in KINDS:
        raise ValueError(f"A bounce is {' or '.join(KINDS)}, not {kind}.")
    subject = _reader(tx, key)
    if subject is None:
        return Heard.UNKNOWN
    if not _first(tx, key, KINDS[kind], subject.id):
        return Heard.AGAIN
    if kind == "hard":
        hold.told_in_vain(tx, key)
    if _left_since(tx, key, subject):
        return Heard.NEW
    record = _record("bounce/v1", key, tx.now)
    if kind == "hard":
        silence(tx, subject, HARD_BOUNCE, PROVIDER, record)
    else:
        commitment = keep_evidence(tx, subject, record)
        tx.log.append(Leaf(type=SOFT_BOUNCE, subject=subject.id, actor=PROVIDER, evidence=commitment))
    return Heard.NEW


_READER = Statement(
    select(decisions.c.subject, decisions.c.at)
    .where(
        decisions.c.key == bindparam("of"),
        decisions.c.reason.is_(None),
        or_(
            decisions.c.outcome.is_(None),
            and_(decisions.c.outcome != Outcome.RELEASED, decisions.c.outcome != Outcome.REFUSED),
        ),
    )
    # What may have arrived goes before what was put off; of several the newest.
    .order_by(func.coalesce(decisions.c.outcome, "") == Outcome.DEFERRED, decisions.c.attempt.desc())
)
_SINCE = Statement(select(leaves.c.at).where(leaves.c.seq == bindparam("of")))
_NOTE = Statement(insert(reports).on_conflict_do_nothing())


def _reader(tx: Writing, key: str) -> Subject | None:
    """To whom the mail went, or may have gone; None if no mail with this key was ever permitted, or if it
    surely never arrived: nobody can complain about that."""
    row = _READER.first(tx.driver, of=key)
    return None if row is None else load_living(tx, row[0])


def _left_since(tx: Writing, key: str, subject: Subject) -> bool:
    """Whether the mail went to another address than the subject has now."""
    row = _READER.first(tx.driver, of=key)
    return row is not None and (row[0] != subject.id or row[1] < subject.address_since)


def _came_back(tx: Writing, subject: Subject, at: int | None) -> bool:
    """Whether they had confirmed anew, after all complaints known, before `at` (ms UTC)."""
    if at is None or subject.confirmed <= subject.complained:
        return False
    since = _SINCE.first(tx.driver, of=subject.confirmed)
    return since is not None and at > since[0]


_APART_MS = 60_000
"""By so much the clock of whoever tells may be behind ours: in doubt a flow's word counts."""


def _younger(tx: Writing, standing: Standing, at: int | None) -> bool:
    """Whether they came to stand there after `at` (ms UTC), which is by another clock than ours."""
    since = None if at is None else _SINCE.first(tx.driver, of=standing.seq)
    return at is not None and since is not None and since[0] > at + _APART_MS


def _first(tx: Writing, key: str, type_: str, subject: str) -> bool:
    """Whether this was not told before; it is noted now."""
    return _NOTE.run(tx.driver, key=key, type=type_, subject=subject, at=tx.now) > 0


def _record(schema: str, key: str, now: int) -> Evidence:
    return {"schema": schema, "key": key, "at": now}
