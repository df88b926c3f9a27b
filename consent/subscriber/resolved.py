"""The way out of a doubt: the store follows the leaves again, and nothing is revived by it.

Whoever is doubted gets afterwards what both the store and the log let them have: a topic that one of the two
had stopped is withdrawn, by a leaf of its own, and only a fresh confirmation leads back. Where the log itself
was changed nothing can follow it; then a backup is put back, or the person is erased."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, update

from consent.contract import Heard
from consent.ledger.compared import Looked, people
from consent.ledger.doubts import all_doubts, drop_doubts
from consent.ledger.evidence import Evidence
from consent.ledger.retold import EVIDENCE_LOST, RESOLVED, Retold
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Writing
from consent.proof.leaf import Leaf
from consent.states import GOING, OBJECTION, RESTRICTED, State
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import evidence, standings, subjects
from consent.subscriber.wishes import close_all
from consent.subscriber.withdrawal import kept, silence, stop

_DROP = Statement(delete(standings).where(standings.c.subject == bindparam("of")))
_STAND = Statement(standings.insert())
_LOST = Statement(delete(evidence).where(evidence.c.commitment == bindparam("of")))
_RESTRICT = Statement(
    update(subjects).where(subjects.c.id == bindparam("of")).values(restricted=bindparam("leaf"))
)
_EVIDENCE = "evidence "


class NotResolved(ValueError):
    """A doubt that nothing here can resolve; the message says what to do."""


def resolve(tx: Writing, subject: Subject, actor: str) -> Heard:
    """Let the store say of a person what the log says, and stop what either had stopped. `AGAIN`: they are
    not in doubt. Raises `NotResolved`."""
    [looked] = people(tx, [subject.id])
    noted = all_doubts(tx).get(subject.id, [])
    if not looked.differs and not noted:
        return Heard.AGAIN
    beyond = [what for what in {*looked.differs, *noted} if _is_beyond(what)]
    if beyond:
        raise NotResolved(
            f"What differs is the log itself, or what nobody can open ({', '.join(sorted(beyond))}): put a "
            "backup back (`virta restore`), or erase the person. Until then they get no marketing."
        )
    _follow(tx, subject, looked)
    after = load(tx, [subject.id])[subject.id]
    lost = _lost(looked)
    record: Evidence = {"schema": "resolved/v1", "differed": sorted({*looked.differs, *noted}), "at": tx.now}
    commitment = kept(tx, after, record)
    for one in sorted(lost):
        _LOST.run(tx.driver, of=one)
        tx.log.append(Leaf(type=EVIDENCE_LOST, subject=subject.id, actor=actor, evidence=one))
    after = _stop_either(tx, subject, after, looked.retold, lost, actor)
    tx.log.append(Leaf(type=RESOLVED, subject=subject.id, actor=actor, evidence=commitment))
    drop_doubts(tx, subject.id)
    return Heard.NEW


def _is_beyond(what: str) -> bool:
    return what.startswith(("leaf ", "leaves", "tree ", "ended", "address", "lookup", "subject"))


def _lost(looked: Looked) -> set[str]:
    return {what.removeprefix(_EVIDENCE) for what in looked.differs if what.startswith(_EVIDENCE)}


def _resting_on(retold: Retold, lost: Collection[str]) -> set[str]:
    """Topics of which some of the evidence is lost."""
    return {leaf.purpose for commitment, leaf in retold.proved.items() if commitment in lost} - {""}


def _follow(tx: Writing, subject: Subject, looked: Looked) -> None:
    """The rows of a person, as their leaves have them. A wish that waits for its confirmation has lapsed."""
    retold = looked.retold
    _DROP.run(tx.driver, of=subject.id)
    for topic, one in retold.standings.items():
        _STAND.run(
            tx.driver,
            subject=subject.id,
            topic=topic,
            state=one.state.value,
            seq=one.seq,
            version=one.version,
            at=one.at,
            expires=one.at + 1 if one.state is State.PENDING else 0,
            facts=one.facts,
            asked="",
        )
    close_all(tx, subject.id, "withdrawn")  # links to confirm that are under way rest on what was in doubt
    columns = {**retold.columns(), **looked.pace}
    tx.conn.execute(update(subjects).where(subjects.c.id == subject.id).values(columns))


def _stop_either(
    tx: Writing, before: Subject, after: Subject, retold: Retold, lost: Collection[str], actor: str
) -> Subject:
    """Stop what goes by the leaves and did not go by the store, of which the evidence is lost, or which
    somebody who became part of them had stopped."""
    silenced = max(before.complained, before.objected)
    if silenced > before.confirmed and max(after.complained, after.objected) <= after.confirmed:
        silence(tx, after, OBJECTION, actor, None)
        after = load(tx, [after.id])[after.id]
    if (before.restricted or retold.owes_restriction) and not after.restricted:
        leaf = tx.log.append(Leaf(type=RESTRICTED, subject=after.id, actor=actor))
        _RESTRICT.run(tx.driver, of=after.id, leaf=leaf)
        tx.stops.append(Stop(after.id, "", RESTRICTED, tx.now, leaf, tx.log.newest.hex()))
    unproved = _resting_on(retold, lost)
    topics = {
        topic
        for topic, one in after.standings.items()
        if one.state in GOING and (topic in unproved or not before.gets(topic))
    } | retold.owed
    return stop(tx, after, sorted(topics), actor, None) if topics else after
