"""That the page behind a link was fetched is told by the button on it.

Programs that look through mails open every link, so opening one writes nothing. The page carries the moment
of its fetching, signed by this service and bound to its request; who presses the button sends it along."""

from consent.ledger.evidence import Evidence
from consent.ledger.subjects import keep_evidence, load
from consent.ledger.transaction import Writing
from consent.proof.leaf import Leaf
from consent.subscriber.wishes import Request

FETCHED = "link.fetched"


def note_fetch(tx: Writing, request: Request, fetched: str, actor: str) -> None:
    """Note when the page was fetched on which a button was pressed; nothing, if what it sent does not say
    so."""
    at = tx.parts.tokens.read_fetched(fetched, request.id)
    subject = load(tx, [request.subject]).get(request.subject)
    if not at or subject is None:
        return
    record: Evidence = {"schema": "fetch/v1", "request": request.id, "fetched": at, "at": tx.now}
    kept = keep_evidence(tx, subject, record)
    tx.log.append(Leaf(type=FETCHED, subject=subject.id, actor=actor, evidence=kept))
