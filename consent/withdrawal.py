"""Withdrawal: accepted in every state, as often as someone likes, and in force with the commit."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from consent.contract import LinkRefused, Receipt, Visit
from consent.evidence import Evidence, of_visit
from consent.states import State, Step
from consent.store import leaves, requests, wishes
from consent.subjects import Subject, keep_evidence, load, move
from consent.transaction import Writing

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
    wished = _wished(tx, identity)
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


def stop(tx: Writing, subject: Subject, topics: Sequence[str], actor: str, record: Evidence) -> Subject:
    """Withdraw `topics` and what was wished for them; the subject as they stand afterwards."""
    commitment = keep_evidence(tx, subject, record)
    for topic in topics:
        subject = subject.moved(
            topic, move(tx, subject, topic, Step.WITHDRAWN, actor=actor, commitment=commitment)
        )
    # A link to confirm that is still under way must not undo this: who wants back asks anew.
    mine = select(requests.c.id).where(requests.c.subject == subject.id, requests.c.closed == "")
    tx.conn.execute(delete(wishes).where(wishes.c.topic.in_(topics), wishes.c.request.in_(mine)))
    left = select(wishes.c.request).where(wishes.c.request.in_(mine))
    tx.conn.execute(
        update(requests)
        .where(requests.c.subject == subject.id, requests.c.closed == "", requests.c.id.not_in(left))
        .values(closed="withdrawn")
    )
    return subject


def _wished(tx: Writing, subject: str) -> set[str]:
    query = select(wishes.c.topic).join(requests, requests.c.id == wishes.c.request)
    return set(tx.conn.scalars(query.where(requests.c.subject == subject, requests.c.closed == "")))


def _when(tx: Writing, leaf: int, fresh: bool) -> int:
    at: int | None = None if fresh else tx.conn.scalar(select(leaves.c.at).where(leaves.c.seq == leaf))
    return tx.now if at is None else at


def _covering(tx: Writing, leaf: int) -> str:
    """A checkpoint that covers `leaf`: the newest one if it does, else one signed now."""
    last = tx.parts.signer.last
    return last.note if last is not None and last.size > leaf and not tx.log.pending() else tx.sign().note
