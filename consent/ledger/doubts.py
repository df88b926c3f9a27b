"""Who is in doubt: of whom the store says what the log does not. They get no marketing until that is
resolved."""

import json
import logging
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.transaction import Reading, Writing
from consent.store.statement import Statement
from consent.store.tables import among, doubts

log = logging.getLogger("consent")
_MOST_NAMED = 5

THE_LOG = ""
"""Whom a doubt is about that is about nobody."""

_ANY = Statement(select(doubts.c.subject).limit(1))
_AMONG = Statement(select(doubts.c.subject).where(among(doubts.c.subject, "ids")).distinct())
_ALL = Statement(select(doubts.c.subject, doubts.c.what).order_by(doubts.c.subject, doubts.c.what))
_NOTE = Statement(insert(doubts).on_conflict_do_nothing())
_DROP = Statement(delete(doubts).where(doubts.c.subject == bindparam("of")))


def doubted_among(reading: Reading, ids: Sequence[str]) -> set[str]:
    """Those of the subjects who are in doubt: all of them, if the log itself is, for nobody knows of whom it
    tells no more."""
    if _ANY.first(reading.driver) is None:
        return set()
    found = {subject for (subject,) in _AMONG.rows(reading.driver, ids=json.dumps([THE_LOG, *ids]))}
    return set(ids) if THE_LOG in found else found


def all_doubts(reading: Reading) -> dict[str, list[str]]:
    """By subject what differs, of the log itself too."""
    found: dict[str, list[str]] = {}
    for subject, what in _ALL.rows(reading.driver):
        found.setdefault(subject, []).append(what)
    return found


def _note(tx: Writing, found: Iterable[tuple[str, str]]) -> int:
    """Note subjects and what differs; how many were not known."""
    return sum(
        _NOTE.run(tx.driver, subject=subject, what=what, at=tx.now) for subject, what in sorted(set(found))
    )


def doubt(tx: Writing, found: Iterable[tuple[str, str]]) -> int:
    """The same, and tell the operator."""
    fresh = sorted(set(found))
    count = _note(tx, fresh)
    if count:
        whom = ", ".join(f"{subject or 'the log'} ({what})" for subject, what in fresh[:_MOST_NAMED])
        log.error("the store says what the log does not, and marketing is denied: %s", whom)
    return count


_OF_ROWS = ("address", "lookup", "subject", "row")
"""What differs in rows that are gone when somebody becomes part of another."""
_OF = Statement(select(doubts.c.what, doubts.c.at).where(doubts.c.subject == bindparam("of")))


def hand_on_doubts(tx: Writing, before: str, after: str) -> None:
    """A subject has become part of another, who is in doubt by what the log still has."""
    for what, at in _OF.rows(tx.driver, of=before):
        if what not in _OF_ROWS:
            _NOTE.run(tx.driver, subject=after, what=what, at=at)
    drop_doubts(tx, before)


def drop_doubts(tx: Writing, subject: str) -> None:
    """A subject is in doubt no more."""
    _DROP.run(tx.driver, of=subject)
