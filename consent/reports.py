"""What is told about a mail by its key, once each: that a flow unsubscribes its reader, that they called it
spam, that it came back."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from consent.contract import Heard, MailClass
from consent.evidence import Evidence
from consent.leaf import Leaf
from consent.signup import hold_off
from consent.statement import Statement
from consent.states import COMPLAINT, HARD_BOUNCE, SOFT_BOUNCE, State, Step
from consent.store import decisions, reports
from consent.subjects import Subject, keep_evidence, load
from consent.transaction import Writing
from consent.wishes import wished_by
from consent.withdrawal import silence, stop

PROVIDER = "provider"
KINDS = {"hard": HARD_BOUNCE, "soft": SOFT_BOUNCE}


def withdraw_by_flow(tx: Writing, subject: str, topic: str, flow: str, key: str) -> Heard:
    """Withdraw `topic` (empty: all) on the person's behalf, once per key."""
    found = load(tx, [subject]).get(subject)
    if found is None:
        return Heard.UNKNOWN
    if not _first(tx, key, Step.WITHDRAWN, subject):
        return Heard.AGAIN
    wished = wished_by(tx, subject)
    topics = [topic] if topic else sorted({*found.standings, *wished})
    stops = [one for one in topics if found.standing(one).state is not State.WITHDRAWN or one in wished]
    if stops:
        record: Evidence = {"schema": "flow/v1", "flow": flow, "key": key, "at": tx.now}
        stop(tx, found, stops, f"flow:{flow}", record)
    return Heard.NEW


def complained(tx: Writing, key: str) -> Heard:
    """Whoever got the mail called it spam: nothing goes to them until they confirm anew."""
    subject, mail_class = _reader(tx, key)
    if subject is None:
        return Heard.UNKNOWN
    if not _first(tx, key, COMPLAINT, subject.id):
        return Heard.AGAIN
    silence(tx, subject, COMPLAINT, PROVIDER, _record("complaint/v1", key, tx.now))
    if mail_class == MailClass.PROOF:
        # They never asked for it: whoever enters the address again must wait as after "this wasn't me".
        hold_off(tx, subject)
    return Heard.NEW


def bounced(tx: Writing, key: str, kind: str) -> Heard:
    """The mail came back: `hard` stops the address, `soft` is recorded. Raises `ValueError` for any other
    kind."""
    if kind not in KINDS:
        raise ValueError(f"A bounce is {' or '.join(KINDS)}, not {kind}.")
    subject, _ = _reader(tx, key)
    if subject is None:
        return Heard.UNKNOWN
    if not _first(tx, key, KINDS[kind], subject.id):
        return Heard.AGAIN
    record = _record("bounce/v1", key, tx.now)
    if kind == "hard":
        silence(tx, subject, HARD_BOUNCE, PROVIDER, record)
    else:
        commitment = keep_evidence(tx, subject, record)
        tx.log.append(Leaf(type=SOFT_BOUNCE, subject=subject.id, actor=PROVIDER, evidence=commitment))
    return Heard.NEW


_READER = Statement(
    select(decisions.c.subject, decisions.c["class"]).where(
        decisions.c.key == bindparam("of"), decisions.c.reason.is_(None)
    )
)
_NOTE = Statement(insert(reports).on_conflict_do_nothing())


def _reader(tx: Writing, key: str) -> tuple[Subject | None, str]:
    """To whom the mail went, and its class; None if no mail with this key was ever permitted."""
    row = _READER.first(tx.driver, of=key)
    if row is None:
        return None, ""
    return load(tx, [row[0]]).get(row[0]), row[1]


def _first(tx: Writing, key: str, type_: str, subject: str) -> bool:
    """Whether this was not told before; it is noted now."""
    return _NOTE.run(tx.driver, key=key, type=type_, subject=subject, at=tx.now) > 0


def _record(schema: str, key: str, now: int) -> Evidence:
    return {"schema": schema, "key": key, "at": now}
