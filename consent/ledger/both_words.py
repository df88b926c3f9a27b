"""What the store and the log say of a person, where a merge may lose the one or the other: it follows the
leaves, and a stop counts of which either knows."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from consent.contract import Frequency
from consent.ledger.compared import Looked, people
from consent.ledger.doubts import doubt
from consent.ledger.retold import Retold
from consent.ledger.subjects import Standing, Subject
from consent.ledger.transaction import Writing
from consent.states import COMPLAINT, OBJECTION, STOPPED, State

FREQUENCIES = (Frequency.AS_IT_COMES, Frequency.WEEKLY, Frequency.MONTHLY)
"""From the one that brings most to the one that brings least."""


class Words(Struct, frozen=True):
    """A person as their leaves have them, and as the stricter of both has them; `left` are the topics that
    they have left by either, with the state that leaves them."""

    logged: Subject
    stricter: Subject
    left: Mapping[str, State]


def both_words(tx: Writing, subjects: Sequence[Subject]) -> list[Words]:
    """What both say of these people, in order. Of whom they differ is in doubt from now on."""
    looked = {one.subject: one for one in people(tx, [subject.id for subject in subjects])}
    found = [(id_, what) for id_, one in looked.items() for what in one.differs]
    if found:
        doubt(tx, found)
    return [_words(subject, looked[subject.id]) for subject in subjects]


def _words(subject: Subject, looked: Looked) -> Words:
    retold = looked.retold
    left = _left(subject, retold)
    if not looked.differs:
        return Words(subject, subject, left)
    spam, word = (retold.newest.get(kind, 0) for kind in (COMPLAINT, OBJECTION))
    logged = replace(
        subject,
        standings={topic: _standing(subject, retold, topic) for topic in sorted(retold.standings)},
        confirmed=retold.newest.get("confirmed", 0),
        complained=spam,
        objected=word,
        restricted=retold.restricted,
    )
    said, paused = looked.pace.get("frequency", ""), looked.pace.get("paused_until", 0)
    rarer = FREQUENCIES[max(FREQUENCIES.index(one) for one in (subject.frequency, Frequency(str(said))))]
    stricter = replace(
        subject,
        complained=max(subject.complained, spam),
        objected=max(subject.objected, word),
        restricted=subject.restricted or retold.restricted or retold.owes_restriction,
        frequency=rarer,
        paused_until=max(subject.paused_until, paused if isinstance(paused, int) else 0),
    )
    return Words(logged, stricter, left)


def _left(subject: Subject, retold: Retold) -> dict[str, State]:
    """Objected to goes before withdrawn."""
    found = dict.fromkeys(retold.owed, State.WITHDRAWN)
    for standings in (subject.standings, retold.standings):
        for topic, one in standings.items():
            if one.state in STOPPED and found.get(topic) is not State.OBJECTED:
                found[topic] = one.state
    return found


def _standing(subject: Subject, retold: Retold, topic: str) -> Standing:
    row, stood = subject.standing(topic), retold.standings[topic]
    if (row.state, row.seq, row.version) == (stood.state, stood.seq, stood.version):
        return row
    return Standing(stood.state, stood.seq, stood.version, 0, stood.facts)
