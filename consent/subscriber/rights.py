"""What people ask for by right, and until when they are answered: within a month, or within three if they
were told in the first one that it takes longer (GDPR, Art. 12(3)).

All of it stands in the log, as an operator has noted it. An answer closes all that was asked for before."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import select

from consent.ledger.subjects import load
from consent.ledger.transaction import Reading
from consent.ledger.whose import living
from consent.store.tables import OF_REQUESTS, leaves
from consent.times import until

RECEIVED, EXTENDED, ANSWERED = "request.received", "request.extended", "request.answered"
_MONTHS, _MONTHS_MORE = 1, 3


class Asked(Struct, frozen=True):
    """The oldest request of a person that is not answered, and by which leaf it is known. Moments are in ms
    UTC; with `due` the time for it is over. `extended`: they were told that it takes longer."""

    subject: str
    leaf: int
    received: int
    due: int
    extended: bool


def unanswered(reading: Reading, zone: str) -> list[Asked]:
    """Everybody who waits for an answer, whoever waits longest first. Days are those of `zone`."""
    query = select(leaves.c.subject, leaves.c.seq, leaves.c.type, leaves.c.at)
    rows = reading.conn.execute(query.where(OF_REQUESTS).order_by(leaves.c.seq)).all()
    told: dict[str, list[tuple[int, str, int]]] = {}
    for subject, seq, type_, at in rows:
        told.setdefault(subject, []).append((seq, type_, at))
    open_ = {subject: asked for subject, told_ in told.items() if (asked := waiting(subject, told_, zone))}
    return sorted(_of_the_living(reading, open_), key=lambda asked: asked.received)


def waiting(subject: str, told: Iterable[tuple[int, str, int]], zone: str) -> Asked | None:
    """What the leaves about a person say (each its position, type and time), in order; None: they wait for
    nothing."""
    found: Asked | None = None
    for seq, type_, at in told:
        if type_ == ANSWERED:
            found = None
        elif type_ == RECEIVED and found is None:
            found = Asked(subject, seq, at, until(at, _MONTHS, zone), False)
        elif type_ == EXTENDED and found is not None:
            due = until(found.received, _MONTHS_MORE, zone)
            found = Asked(subject, found.leaf, found.received, due, True)
    return found


def _of_the_living(reading: Reading, open_: Mapping[str, Asked]) -> Sequence[Asked]:
    """Whoever was erased waits for nothing, and what somebody asked who is part of another, that one asks."""
    parts = living(reading, list(open_))
    there = load(reading, [parts.get(subject, subject) for subject in open_])
    return [asked for subject, asked in open_.items() if parts.get(subject, subject) in there]
