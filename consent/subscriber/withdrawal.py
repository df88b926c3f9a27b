"""Withdrawal: accepted in every state, as often as someone likes, and in force with the commit."""

import json
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Column, bindparam, update

from consent.contract import BESIDE_TOPICS, Basis, Receipt, Visit
from consent.errors import WrongKeys
from consent.ledger.evidence import Evidence, of_visit
from consent.ledger.subjects import Subject, keep_evidence, move
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import COMPLAINT, HARD_BOUNCE, OBJECTION, STOPPED, State, Step
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import subjects
from consent.subscriber.linked import by_unsubscribe
from consent.subscriber.receipts import receipt_of
from consent.subscriber.wishes import close_all, close_own, drop, wished_by

HOW = ("one_click", "page")


def withdraw(tx: Writing, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
    """Withdraw the link's topic, or all. Raises `LinkRefused` for a forged link, `ValueError` for an unknown
    `how`."""
    if how not in HOW:
        raise ValueError(f"A withdrawal comes by {' or '.join(HOW)}, not by {how}.")
    subject, topic = by_unsubscribe(tx, token)
    wished = wished_by(tx, subject.id)
    named = {topic} - {""}
    topics = [topic] if topic and not everything else everything_of(tx, subject, wished | named)
    stops = still_to_stop(subject, topics, wished)
    if stops:
        record: Evidence = {
            "schema": "withdrawal/v1",
            "how": how,
            "at": tx.now,
            "link": topic,
            **of_visit(visit),
        }
        subject = stop(tx, subject, stops, f"subject:{how}", record)
    leaf = max((subject.standing(one).seq for one in topics), default=-1)
    return receipt_of(tx, subject.id, topics, leaf)


def everything_of(reading: Reading, subject: Subject, wished: Iterable[str]) -> list[str]:
    """What somebody leaves who leaves everything: where they stand, what they wished for, and what they could
    be brought to without being asked, by a sale or an import."""
    purposes = reading.rules.policy.purposes
    brought = (one.topic for one in purposes if one.basis in _BROUGHT and one.topic not in BESIDE_TOPICS)
    return sorted({*subject.standings, *wished, *brought})


_BROUGHT = (Basis.CONSENT, Basis.SOFT_OPT_IN)


def still_to_stop(subject: Subject, topics: Iterable[str], wished: Collection[str]) -> list[str]:
    """Those of `topics` that a withdrawal still has to stop, in order: also those at which they never stood,
    so that nothing brings them there, but not what they have left for good and wished for no more."""
    return [one for one in topics if subject.standing(one).state not in STOPPED or one in wished]


def stop(
    tx: Writing,
    subject: Subject,
    topics: Sequence[str],
    actor: str,
    record: Evidence | None,
    step: Step = Step.WITHDRAWN,
) -> Subject:
    """Withdraw `topics` and what was wished for them; the subject as they stand afterwards. What rests on a
    sale is objected to."""
    commitment = kept(tx, subject, record)
    for topic in topics:
        subject = subject.moved(
            topic,
            move(tx, subject, topic, _fitting(subject, topic, step), actor=actor, commitment=commitment),
        )
    # A link to confirm that is still under way must not undo this: who wants back asks anew.
    drop(tx, subject.id, json.dumps(list(topics)))
    return subject


def _fitting(subject: Subject, topic: str, step: Step) -> Step:
    soft = step is Step.WITHDRAWN and subject.standing(topic).state is State.SOFT_ACTIVE
    return Step.OBJECTED if soft else step


def kept(tx: Writing, subject: Subject, record: Evidence | None) -> str:
    """The commitment to what is kept of it; empty if there is nothing, or if the subject's key is damaged: a
    stop counts all the same."""
    try:
        return keep_evidence(tx, subject, record) if record is not None else ""
    except WrongKeys:
        return ""


def _newest(column: Column[int]) -> Statement:
    return Statement(
        update(subjects)
        .where(subjects.c.id == bindparam("of"))
        .values({subjects.c.epoch: subjects.c.epoch + 1, column: bindparam("leaf")})
    )


_SILENCED = {
    COMPLAINT: _newest(subjects.c.complained),
    HARD_BOUNCE: _newest(subjects.c.bounced),
    OBJECTION: _newest(subjects.c.objected),
}


def silence(tx: Writing, subject: Subject, kind: str, actor: str, record: Evidence | None) -> None:
    """Stop all that goes to the address, whatever the topic, by a leaf of `kind`, and make links to confirm
    that are still under way worthless. That a mailbox does not exist is no reason against another one."""
    commitment = kept(tx, subject, record)
    seq = tx.log.append(Leaf(type=kind, subject=subject.id, actor=actor, evidence=commitment))
    _SILENCED[kind].run(tx.driver, of=subject.id, leaf=seq)
    (close_own if kind == HARD_BOUNCE else close_all)(tx, subject.id, "withdrawn")
    tx.stops.append(Stop(subject.id, "", kind, tx.now, seq, tx.log.newest.hex()))
