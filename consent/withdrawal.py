"""Withdrawal: accepted in every state, as often as someone likes, and in force with the commit."""

import json
from collections.abc import Sequence

from sqlalchemy import Column, bindparam, select, update

from consent.contract import LinkRefused, Receipt, Visit
from consent.evidence import Evidence, of_visit
from consent.leaf import Leaf
from consent.statement import Statement
from consent.states import COMPLAINT, HARD_BOUNCE, STOPS, State, Step
from consent.stops import Stop
from consent.store import among, leaves, standings, subjects
from consent.subjects import Subject, keep_evidence, load, move
from consent.transaction import Writing
from consent.wishes import close_all, drop, wished_by

HOW = ("one_click", "page")


def withdraw(tx: Writing, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
    """Withdraw the link's topic, or all. Raises `LinkRefused` for a forged link, `ValueError` for an unknown
    `how`."""
    if how not in HOW:
        raise ValueError(f"A withdrawal comes by {' or '.join(HOW)}, not by {how}.")
    identity, topic = tx.parts.tokens.read_unsubscribe(token)
    subject = load(tx, [identity]).get(identity)
    if subject is None:
        raise LinkRefused("unknown")
    wished = wished_by(tx, identity)
    topics = [topic] if topic and not everything else sorted({*subject.standings, *wished, topic} - {""})
    stops = [one for one in topics if subject.standing(one).state is not State.WITHDRAWN or one in wished]
    if stops:
        record: Evidence = {
            "schema": "withdrawal/v1",
            "how": how,
            "at": tx.now,
            "link": topic,
            **of_visit(visit),
        }
        subject = stop(tx, subject, stops, f"subject:{how}", record)
    leaf = max((subject.standing(one).seq for one in topics), default=0)
    return Receipt(
        identity, Step.WITHDRAWN, tuple(topics), _when(tx, leaf, bool(stops)), leaf, _covering(tx, leaf)
    )


def stop(
    tx: Writing, subject: Subject, topics: Sequence[str], actor: str, record: Evidence | None
) -> Subject:
    """Withdraw `topics` and what was wished for them; the subject as they stand afterwards."""
    commitment = keep_evidence(tx, subject, record) if record is not None else ""
    for topic in topics:
        subject = subject.moved(
            topic, move(tx, subject, topic, Step.WITHDRAWN, actor=actor, commitment=commitment)
        )
    # A link to confirm that is still under way must not undo this: who wants back asks anew.
    drop(tx, subject.id, json.dumps(list(topics)))
    return subject


def _newest(column: Column[int]) -> Statement:
    return Statement(
        update(subjects)
        .where(subjects.c.id == bindparam("of"))
        .values({subjects.c.epoch: subjects.c.epoch + 1, column: bindparam("leaf")})
    )


_SILENCED = {COMPLAINT: _newest(subjects.c.complained), HARD_BOUNCE: _newest(subjects.c.bounced)}


def silence(tx: Writing, subject: Subject, kind: str, record: Evidence) -> None:
    """Stop all that goes to the address, whatever the topic, by a leaf of `kind`, and make links to confirm
    that are still under way worthless."""
    commitment = keep_evidence(tx, subject, record)
    seq = tx.log.append(Leaf(type=kind, subject=subject.id, actor="provider", evidence=commitment))
    _SILENCED[kind].run(tx.driver, of=subject.id, leaf=seq)
    close_all(tx, subject.id, "withdrawn")
    tx.stops.append(Stop(subject.id, "", kind, tx.now))


_STANDING = select(standings.c.subject, standings.c.topic, standings.c.at).where(
    among(standings.c.subject, "subjects"), standings.c.state.in_((State.ACTIVE, State.PENDING))
)
_STOPPED = select(leaves.c.subject, leaves.c.purpose, leaves.c.type, leaves.c.at).where(
    among(leaves.c.subject, "subjects"), leaves.c.type.in_(sorted(STOPS))
)


def replay(tx: Writing, stops: Sequence[Stop]) -> None:
    """Withdraw what the stops file says was withdrawn and the log knows nothing of: the store is an older
    one, or died before its commit.

    A stop of the whole address is made up for topic by topic. What the person asked for or confirmed after
    the stop stays as it is, and subjects that this store does not know have nothing to withdraw. The queries
    do not grow with the log."""
    newest: dict[tuple[str, str], Stop] = {}
    for one in stops:
        place = (one.subject, one.topic)
        if one.type in STOPS and (place not in newest or newest[place].at <= one.at):
            newest[place] = one
    stopped = {subject for subject, _ in newest}
    since = {
        (subject, topic): at
        for subject, topic, at in tx.conn.execute(_STANDING, {"subjects": json.dumps(sorted(stopped))})
    }
    missed = [
        (topic, one)
        for (subject, topic), at in since.items()
        for one in (newest.get((subject, topic)), newest.get((subject, "")))
        if one is not None and at <= one.at
    ]
    if not missed:
        return
    affected = {"subjects": json.dumps(sorted({one.subject for _, one in missed}))}
    known = {tuple(row) for row in tx.conn.execute(_STOPPED, affected)}
    topics: dict[str, set[str]] = {}
    for topic, one in missed:
        if (one.subject, one.topic, one.type, one.at) not in known:
            topics.setdefault(one.subject, set()).add(topic)
    # No evidence is kept: the line is all there is, and a row that cannot be opened must not be in the way.
    for subject, found in load(tx, sorted(topics)).items():
        stop(tx, found, sorted(topics[subject]), "system:stops_file", None)


def _when(tx: Writing, leaf: int, fresh: bool) -> int:
    at: int | None = None if fresh else tx.conn.scalar(select(leaves.c.at).where(leaves.c.seq == leaf))
    return tx.now if at is None else at


def _covering(tx: Writing, leaf: int) -> str:
    """A checkpoint that covers `leaf`: the newest one if it does, else one signed now."""
    last = tx.parts.signer.last
    return last.note if last is not None and last.size > leaf and not tx.log.pending() else tx.sign().note
