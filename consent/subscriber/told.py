"""What others tell of a person: an operator's word, a sign of life."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from consent.contract import Heard
from consent.ledger.evidence import Evidence
from consent.ledger.retold import RESOLVED
from consent.ledger.subjects import Subject, keep_evidence
from consent.ledger.transaction import Writing
from consent.ledger.whose import living, load_living
from consent.proof.leaf import Leaf
from consent.states import (
    OBJECTION,
    RESTRICTED,
    RESTRICTION_LIFTED,
    STOPPED,
    Step,
)
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import purposes, subjects
from consent.subscriber.resolved import resolve
from consent.subscriber.wishes import wished_by
from consent.subscriber.withdrawal import everything_of, kept, silence, still_to_stop, stop

PROFILING = "personalisation"
NOTES = frozenset(
    {
        "exported",
        "rectified",
        "request.received",
        "request.extended",
        "request.answered",
    }
)
"""What is only noted, each time that it is told."""

WORDS = NOTES | {
    Step.WITHDRAWN.value,
    OBJECTION,
    Step.OBJECTED_TO_PROFILING.value,
    RESTRICTED,
    RESTRICTION_LIFTED,
    RESOLVED,
}


def record(tx: Writing, identity: str, what: str, actor: str, topic: str = "") -> Heard:
    """Somebody says on behalf of a person what they want stopped, or what was done for them; nothing that can
    be said here starts anything. `AGAIN`: so it stands already. Raises `ValueError` for another word."""
    if what not in WORDS:
        raise ValueError(f"`{what}` is nothing that can be said of somebody; say {', '.join(sorted(WORDS))}.")
    subject = load_living(tx, identity)
    if subject is None:
        return Heard.UNKNOWN
    identity = subject.id
    note: Evidence = {"schema": "told/v1", "what": what, "topic": topic, "by": actor, "at": tx.now}
    if what in NOTES:
        commitment = keep_evidence(tx, subject, note)
        tx.log.append(Leaf(type=what, subject=identity, purpose=topic, actor=actor, evidence=commitment))
        return Heard.NEW
    if what == Step.WITHDRAWN:
        _refuse_unknown(tx, subject, topic)
        wished = wished_by(tx, identity)
        topics = [topic] if topic else everything_of(tx, subject, wished)
        stops = still_to_stop(subject, topics, wished)
        if stops:
            stop(tx, subject, stops, actor, note)
        return Heard.NEW if stops else Heard.AGAIN
    if what == Step.OBJECTED_TO_PROFILING:
        if subject.standing(PROFILING).state in STOPPED:
            return Heard.AGAIN
        stop(tx, subject, [PROFILING], actor, note, Step.OBJECTED_TO_PROFILING)
        return Heard.NEW
    if what == OBJECTION:
        if subject.objected > subject.confirmed:
            return Heard.AGAIN
        silence(tx, subject, OBJECTION, actor, note)
        return Heard.NEW
    if what == RESOLVED:
        return resolve(tx, subject, actor)
    return _restrict(tx, subject, what, actor, note)


def _refuse_unknown(tx: Writing, subject: Subject, topic: str) -> None:
    """A slip of the pen would withdraw a topic that nobody has, and leave the one that was meant."""
    if not topic or topic in subject.standings:
        return
    known = set(tx.conn.scalars(select(purposes.c.topic)))  # those that there were, too
    if topic not in known:
        raise ValueError(f"There is no topic `{topic}`; there are {', '.join(sorted(known))}.")


_RESTRICT = Statement(
    update(subjects).where(subjects.c.id == bindparam("of")).values(restricted=bindparam("leaf"))
)


def _restrict(tx: Writing, subject: Subject, what: str, actor: str, note: Evidence) -> Heard:
    if (what == RESTRICTED) == (subject.restricted > 0):
        return Heard.AGAIN
    commitment = kept(tx, subject, note)
    _log_restriction(tx, subject, what, actor, commitment)
    return Heard.NEW


def restrict_again(tx: Writing, subject: Subject, actor: str) -> None:
    """Do once more what a restored store has lost; the line that tells of it is all the evidence there is."""
    if not subject.restricted:
        _log_restriction(tx, subject, RESTRICTED, actor, "")


def _log_restriction(tx: Writing, subject: Subject, what: str, actor: str, commitment: str) -> None:
    leaf = tx.log.append(Leaf(type=what, subject=subject.id, actor=actor, evidence=commitment))
    _RESTRICT.run(tx.driver, of=subject.id, leaf=leaf if what == RESTRICTED else 0)
    if what == RESTRICTION_LIFTED:  # no mail went meanwhile: silence counts from here
        _ALIVE.run(tx.driver, of=subject.id, moment=tx.now)
    tx.stops.append(Stop(subject.id, "", what, tx.now, leaf, tx.log.newest.hex()))


_ALIVE = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"), subjects.c.alive < bindparam("moment"))
    .values(alive=bindparam("moment"))
)


def alive(tx: Writing, signs: Sequence[tuple[str, int]]) -> None:
    """The last order, visit or click of each subject (ms UTC); never an opening alone. Not written to the
    log. A moment that is to come counts as now."""
    newest: dict[str, int] = {}
    whose = living(tx, [subject for subject, _ in signs])
    for told, at in signs:
        subject = whose.get(told, told)
        newest[subject] = max(newest.get(subject, 0), min(at, tx.now))
    for subject, at in newest.items():
        _ALIVE.run(tx.driver, of=subject, moment=at)
