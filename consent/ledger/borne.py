"""Where somebody stands by the leaf that led there, whatever a row says that no leaf bears."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from consent.ledger.doubts import doubt
from consent.ledger.logged import bears, leaf_at, logged_of
from consent.ledger.retold import retell
from consent.ledger.transaction import Writing
from consent.states import State

if TYPE_CHECKING:
    from consent.ledger.subjects import Standing


def borne(tx: Writing, subject: str, topic: str, said: "Standing") -> "Standing":
    """Where a subject stands with a topic, of whom a row says `said`: the next leaf must follow the last, or
    no auditor takes the log any more. Whose row says otherwise is doubted from now on."""
    nowhere = said.state is State.NONE and said.seq == 0
    if nowhere or tx.log.holds(said.seq) or bears(leaf_at(tx, said.seq), subject, topic, said):
        return said
    doubt(tx, [(subject, f"standing {topic}")])
    stood = retell(logged_of(tx, subject)).standings.get(topic)
    if stood is None:
        return replace(said, state=State.NONE, seq=0, version="", expires=0, facts=0)
    return replace(
        said, state=stood.state, seq=stood.seq, version=stood.version, expires=0, facts=stood.facts
    )
