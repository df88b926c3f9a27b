"""Marks of addresses that are kept from marketing: `HMAC(pepper, address)`, which leads to no subject.

The table `suppressions` has those of addresses that a fresh confirmation alone frees. The file of marks,
outside of the store, has one of every address where a stop was said: by it a store that was put back, and
never knew whoever has the address, writes to it no sooner."""

import json
from collections.abc import Collection, Iterable

from sqlalchemy import exists, not_, or_, select
from sqlalchemy.dialects.sqlite import insert

from consent.address import read_address
from consent.contract import InvalidAddress
from consent.ledger.addresses import addresses_of
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import ASKED, ERASURE, HARD_BOUNCE, MADE_UP_FOR, MERGED, MOVED, RESTRICTION_LIFTED, Step
from consent.store.statement import Statement
from consent.store.tables import among, standings, subjects, suppressions

SUPPRESSED = "suppressed"
"""The type of a leaf."""

_PUT = Statement(insert(suppressions).on_conflict_do_nothing())
_SAID = MADE_UP_FOR - {ERASURE, HARD_BOUNCE, MERGED, MOVED, RESTRICTION_LIFTED, Step.UNDONE}
"""Stops of whoever has the address. An erasure leaves its mark before the address goes; that an address is
somebody's no longer, or an import was a mistake, is nothing that anybody said there."""
_ASKED = json.dumps(sorted(state.value for state in ASKED))
_SOMEBODY = Statement(
    select(subjects.c.id).where(
        among(subjects.c.id, "ids"),
        or_(
            subjects.c.known,
            subjects.c.confirmed > 0,
            exists().where(
                standings.c.subject == subjects.c.id,
                not_(among(standings.c.state, "asked")),
            ),
        ),
    )
)


def put_away(tx: Writing, marks: Iterable[bytes]) -> bool:
    """Keep marketing from addresses, here and in the file of marks; whether any of them is new here."""
    marks = list(marks)
    tx.marks += marks
    return sum(_PUT.run(tx.driver, mark=mark.hex()) for mark in marks) > 0


def known_again(tx: Writing, identity: str, folded: str) -> None:
    """Somebody is known from now on by an address that nobody here has: if a stop was said there, which this
    store has lost with whoever it was, it stays as if they had been erased."""
    if tx.parts.marks is None:
        return
    under = tx.parts.vault.marks(folded)
    if any(mark in tx.parts.marks for mark in under) and put_away(tx, under[:1]):
        tx.log.append(Leaf(type=SUPPRESSED, subject=identity))


def left_among(reading: Reading, folded: Collection[str]) -> set[str]:
    """Those of the folded addresses, whom nobody here has, where a stop was said."""
    kept = reading.parts.marks
    if kept is None:
        return set()
    vault = reading.parts.vault
    return {address for address in folded if any(mark in kept for mark in vault.marks(address))}


def marks_of_stops(tx: Writing) -> list[bytes]:
    """Marks of whoever said a stop in this transaction. An address that cannot be opened has none: no list
    that brings it is known to be about them. Nor has one that came back where somebody had entered it and
    nobody has done more: no mark ever goes, so none may come by what any stranger can do."""
    found = {stop.subject for stop in tx.stops if stop.type in _SAID}
    bounced = {stop.subject for stop in tx.stops if stop.type == HARD_BOUNCE}
    if bounced:
        found |= {row[0] for row in _SOMEBODY.rows(tx.driver, ids=json.dumps(sorted(bounced)), asked=_ASKED)}
    said = sorted(found)
    under = (marks_under(tx, typed) for typed in addresses_of(tx, said).values()) if said else ()
    return [marks[0] for marks in under if marks]


def marks_under(reading: Reading, typed: str | None) -> list[bytes]:
    """The marks of an address as it was typed, under every pepper, that of the newest first."""
    try:
        return reading.parts.vault.marks(read_address(typed or "").folded)
    except InvalidAddress:
        return []
