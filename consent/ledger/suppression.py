"""Addresses of people who were erased: marketing stays away from them until a fresh confirmation.

What is kept is `HMAC(pepper, address)` and nothing else, in a table that leads to no subject. A mark under
any pepper counts, so no pepper may ever be dropped from the keys: `peppers` sees to that at the start."""

import json
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import delete, select

from consent.errors import WrongKeys
from consent.ledger.marking import SUPPRESSED, left_among, marks_under, put_away
from consent.ledger.subjects import Subject
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.store.statement import Statement
from consent.store.tables import among, suppressions

RELEASED = "released"
"""The type of a leaf."""

_ANY = Statement(select(suppressions.c.mark).where(suppressions.c.mark > "").limit(1))
_AMONG = Statement(select(suppressions.c.mark).where(among(suppressions.c.mark, "marks")))
_LIFT = Statement(delete(suppressions).where(among(suppressions.c.mark, "marks")))


def suppress(tx: Writing, subject: Subject, left: Sequence[str] = ()) -> None:
    """Keep marketing away from the subject's address, and from those that they have left. One that cannot be
    opened cannot be mailed either."""
    found = [marks[0] for one in (_address(tx, subject), *left) if (marks := marks_under(tx, one))]
    put_away(tx, found)
    if found:
        tx.log.append(Leaf(type=SUPPRESSED, subject=subject.id))


def lift(tx: Writing, subject: Subject) -> None:
    """They have confirmed that they want mail there: nothing else leads out."""
    if _ANY.first(tx.driver) is None:
        return
    if _LIFT.run(tx.driver, marks=json.dumps(_marks(tx, _address(tx, subject)))):
        tx.log.append(Leaf(type=RELEASED, subject=subject.id, actor="subject:link"))


def suppressed(
    reading: Reading, subjects: Collection[str], address_of: Callable[[str], str | None]
) -> set[str]:
    """Those of the subjects to whose address, as it was typed, no marketing may go."""
    if not subjects or _ANY.first(reading.driver) is None:
        return set()
    marks = {subject: _marks(reading, address_of(subject)) for subject in subjects}
    every = json.dumps([mark for of_one in marks.values() for mark in of_one])
    found = {row[0] for row in _AMONG.rows(reading.driver, marks=every)}
    return {subject for subject, of_one in marks.items() if not found.isdisjoint(of_one)}


def erased_among(reading: Reading, folded: Collection[str], unknown: Collection[str]) -> set[str]:
    """Those of the folded addresses that are of somebody who was erased; and of the `unknown` among them,
    which nobody here has, those where a stop was said that this store has lost."""
    return _erased_among(reading, folded) | left_among(reading, unknown)


def _erased_among(reading: Reading, folded: Collection[str]) -> set[str]:
    if not folded or _ANY.first(reading.driver) is None:
        return set()
    marks = {address: [mark.hex() for mark in reading.parts.vault.marks(address)] for address in folded}
    every = json.dumps([mark for of_one in marks.values() for mark in of_one])
    found = {row[0] for row in _AMONG.rows(reading.driver, marks=every)}
    return {address for address, of_one in marks.items() if not found.isdisjoint(of_one)}


def _marks(reading: Reading, address: str | None) -> list[str]:
    """Under every pepper, that of the newest first."""
    return [mark.hex() for mark in marks_under(reading, address)]


def _address(reading: Reading, subject: Subject) -> str | None:
    try:
        return reading.parts.vault.open_address(subject.id, subject.wrapped, subject.sealed)
    except WrongKeys:
        return None
