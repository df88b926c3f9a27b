"""A person's choice of topics and language, from the page behind a link for preferences."""

from collections.abc import Sequence

from sqlalchemy import update

from consent.contract import Basis, LinkRefused, Receipt, Visit
from consent.evidence import Evidence, of_visit
from consent.leaf import Leaf
from consent.signup import ask_for
from consent.states import State
from consent.store import subjects
from consent.subjects import keep_evidence, load
from consent.transaction import Writing
from consent.withdrawal import stop


def choose(tx: Writing, token: str, topics: Sequence[str], language: str, visit: Visit) -> Receipt:
    """Keep `topics`, withdraw the others, and ask for confirmation of those that are new. Raises
    `LinkRefused`, and `ValueError` for an unknown topic."""
    identity = tx.parts.tokens.read_preferences(token)
    subject = load(tx, [identity]).get(identity)
    if subject is None:
        raise LinkRefused("unknown")
    chosen = tuple(dict.fromkeys(topics))
    for topic in chosen:
        known = tx.rules.purposes.get(topic)
        if known is None or known[1].basis is not Basis.CONSENT:
            raise ValueError(f"There is no topic `{topic}` that one can choose.")
    record: Evidence = {
        "schema": "choice/v1",
        "topics": list(chosen),
        "language": language,
        "at": tx.now,
        **of_visit(visit),
    }
    going = (State.ACTIVE, State.PENDING)
    dropped = [
        topic
        for topic, standing in sorted(subject.standings.items())
        if standing.state in going and topic not in chosen
    ]
    if dropped:
        subject = stop(tx, subject, dropped, "subject:preferences", record)
    if language and language != subject.language:
        tx.conn.execute(update(subjects).where(subjects.c.id == identity).values(language=language))
        commitment = keep_evidence(tx, subject, record)
        tx.log.append(
            Leaf(
                type="language.changed",
                subject=identity,
                actor="subject:preferences",
                evidence=commitment,
                language=language,
            )
        )
    ask_for(tx, subject, chosen, language or subject.language, record, "subject:preferences")
    signed = tx.sign()
    return Receipt(identity, "preferences", chosen, tx.now, signed.size - 1, signed.note)
