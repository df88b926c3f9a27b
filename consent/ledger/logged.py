"""What the log says of a standing: whoever holds the database may write another one, but no leaf for it."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from sqlalchemy import bindparam, select

from consent.contract import ALL_FACTS
from consent.ledger.transaction import Reading
from consent.states import TRANSITIONS, State
from consent.store.columns import blob
from consent.store.statement import Statement
from consent.store.tables import IN_ANY_SPAN, among, leaves

if TYPE_CHECKING:
    from consent.ledger.subjects import Standing


class Logged(Struct, frozen=True):
    """A leaf, read from its exact bytes."""

    seq: int
    at: int  # ms UTC
    type: str
    subject: str
    purpose: str
    before: str = field(name="from")
    after: str = field(name="to")
    notice: str
    actor: str
    evidence: str
    into: str = ""


_decoder = msgspec.json.Decoder(Logged)
_AT = Statement(select(leaves.c.seq, leaves.c.body).where(among(leaves.c.seq, "positions")))
_LEADS = {(before.value, step.value): after for (before, step), after in TRANSITIONS.items()}


def read_logged(body: object) -> Logged | None:
    """The leaf in what a column holds; None: it holds none."""
    try:
        return _decoder.decode(blob(body))
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


def logged_at(reading: Reading, positions: Iterable[int]) -> dict[int, Logged]:
    """The written leaves at these positions; what is none is left out."""
    rows = _AT.rows(reading.driver, positions=json.dumps(list(positions)))
    found = ((seq, read_logged(body)) for seq, body in rows)
    return {seq: leaf for seq, leaf in found if leaf is not None}


_ONE = Statement(select(leaves.c.body).where(leaves.c.seq == bindparam("of")))
_OF = Statement(
    select(leaves.c.body).where(IN_ANY_SPAN, leaves.c.subject == bindparam("of")).order_by(leaves.c.seq)
)


def leaf_at(reading: Reading, seq: int) -> Logged | None:
    """The written leaf at a position; None: there is none."""
    row = _ONE.first(reading.driver, of=seq)
    return None if row is None else read_logged(row[0])


def logged_of(reading: Reading, subject: str) -> list[Logged]:
    """All written leaves about a subject, in order; what is none is left out."""
    found = (read_logged(body) for (body,) in _OF.rows(reading.driver, of=subject))
    return [leaf for leaf in found if leaf is not None]


def bears(leaf: Logged | None, subject: str, topic: str, standing: "Standing") -> bool:
    """Whether just this leaf led where a subject is said to stand with a topic."""
    return (
        leaf is not None
        and leaf.seq == standing.seq
        and leaf.subject == subject
        and leaf.purpose == topic
        and leaf.notice == standing.version
        and leads(leaf) is standing.state
        and (standing.expires > leaf.at) is (standing.state is State.PENDING)
        and (standing.expires == 0 or standing.state is State.PENDING)
        and standing.facts == (ALL_FACTS if standing.state is State.SOFT_ACTIVE else 0)
    )


def leads(leaf: Logged) -> State | None:
    """Where a leaf leads by the table of transitions; None: it changes no state, or says what cannot be."""
    after = _LEADS.get((leaf.before, leaf.type))
    return after if after is not None and after.value == leaf.after else None


def all_bear(found: Mapping[int, Logged], subject: str, standings: Mapping[str, "Standing"]) -> bool:
    """Whether the leaves bear each of these standings of a subject."""
    return all(bears(found.get(one.seq), subject, topic, one) for topic, one in standings.items())
