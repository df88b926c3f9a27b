"""What a legal hold keeps: a person's address and evidence with its salts, sealed a second time under a data
key that the hold key wraps. So it outlives the erasure of all else, and nobody can open it by the master key.

The hold key is asked for as soon as a hold stands: a store that has one is not opened without."""

import logging
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from consent.contract.holds import Opened
from consent.errors import WrongKeys
from consent.ledger.evidence import Evidence, Vault, commitment
from consent.ledger.subjects import Subject
from consent.ledger.transaction import Reading, Writing
from consent.store.columns import blob
from consent.store.statement import Statement
from consent.store.tables import evidence, held, holds

log = logging.getLogger("consent")

ADDRESS = "address"
"""Stands where the piece with the address has no commitment."""

_PIECE = "held/v1"
_NO_KEY = (
    "Proof is held under a hold key, and none of those that are set opens it. Put it back: without it an "
    "erasure would destroy what must be kept."
)


class Piece(Struct, frozen=True):
    """A row of evidence as it is sealed: the salts (hex), the canonical JSON, the IP address. Of an address
    there is only `text`."""

    text: str
    salt: str = ""
    ip: str = ""
    row: str = ""


class Held(Struct, frozen=True):
    """A hold that stands. `until`, `at` and `told` are in ms UTC; `told` 0: the person was not told yet."""

    subject: str
    wrapped: bytes
    until: int
    leaf: int
    at: int
    told: int


_HELD = Statement(
    select(holds.c.subject, holds.c.wrapped, holds.c.until, holds.c.seq, holds.c.at, holds.c.told).where(
        holds.c.subject == bindparam("of")
    )
)
_THERE = Statement(select(held.c.commitment).where(held.c.subject == bindparam("of")))
_PIECES = Statement(
    select(held.c.commitment, held.c.row, held.c.sealed)
    .where(held.c.subject == bindparam("of"))
    .order_by(held.c.commitment)
)
_EVIDENCE = Statement(
    select(evidence.c.commitment, evidence.c.row, evidence.c.sealed, evidence.c.ip)
    .where(evidence.c.subject == bindparam("of"), evidence.c.sealed != b"")
    .order_by(evidence.c.commitment)
)
_PUT = Statement(insert(held).on_conflict_do_nothing())
_DROP_ADDRESS = Statement(delete(held).where(held.c.subject == bindparam("of"), held.c.commitment == ADDRESS))


def compare(conn: Connection, vault: Vault | None) -> None:
    """Raise `WrongKeys` unless every hold that stands can be opened."""
    for subject, wrapped in conn.execute(select(holds.c.subject, holds.c.wrapped)):
        if vault is None or not vault.opens(subject, bytes(wrapped)):
            raise WrongKeys(_NO_KEY)


def hold_vault(reading: Reading) -> Vault:
    """What seals by the hold key. Raises `WrongKeys` where there is none."""
    if reading.parts.holds is None:
        raise WrongKeys(
            "There is no hold key, under which proof could be sealed. docs/keys.md says how one is made."
        )
    return reading.parts.holds


def find_hold(reading: Reading, identity: str) -> Held | None:
    """The hold on a subject's proof; None: there is none."""
    row = _HELD.first(reading.driver, of=identity)
    if row is None:
        return None
    subject, wrapped, *rest = row
    return Held(subject, bytes(wrapped), *rest)


def every_hold(reading: Reading) -> list[Held]:
    """All holds that stand, the first to end first."""
    query = select(holds).order_by(holds.c.until, holds.c.subject)
    return [
        Held(row.subject, bytes(row.wrapped), row.until, row.seq, row.at, row.told)
        for row in reading.conn.execute(query)
    ]


def seal_proof(tx: Writing, hold: Held, subject: Subject) -> None:
    """Put under the seal what is known of the subject now and is not there yet. A row that cannot be opened
    is proof of nothing, and is left out."""
    own = tx.parts.vault
    _DROP_ADDRESS.run(tx.driver, of=hold.subject)
    try:
        _put(tx, hold, ADDRESS, Piece(own.open_address(subject.id, subject.wrapped, subject.sealed)))
    except WrongKeys as fault:
        log.warning("an address is not under its hold: %s", fault)
    there = {row[0] for row in _THERE.rows(tx.driver, of=hold.subject)}
    for known, *kept in _EVIDENCE.rows(tx.driver, of=subject.id):
        if known not in there:
            _seal(tx, hold, subject, known, *kept)


def seal_piece(tx: Writing, hold: Held, subject: Subject, commitment: str) -> None:
    """Put one piece of what is known of a subject under a hold on somebody who has become part of them."""
    for known, *kept in _EVIDENCE.rows(tx.driver, of=subject.id):
        if known == commitment:
            _seal(tx, hold, subject, known, *kept)


def seal_record(tx: Writing, hold: Held, record: Evidence) -> str:
    """Put a record under the seal of somebody of whom nothing else is left; its commitment."""
    salt, text, known = tx.parts.vault.salted(record)
    _put(tx, hold, known, Piece(text.decode(), salt.hex()))
    return known


def open_proof(reading: Reading, hold: Held) -> tuple[str, list[Opened]]:
    """The address and the evidence that a hold keeps. Raises `WrongKeys`."""
    vault, address, found = hold_vault(reading), "", []
    for known, row, sealed in _PIECES.rows(reading.driver, of=hold.subject):
        plain = vault.open(hold.subject, hold.wrapped, row, _PIECE, blob(sealed))
        piece = msgspec.json.decode(plain, type=Piece)
        if known == ADDRESS:
            address = piece.text
            continue
        record = msgspec.json.decode(piece.text)
        if piece.ip:
            record["ip"] = piece.ip
        again = commitment(bytes.fromhex(piece.salt), piece.text.encode())
        found.append(Opened(known, record, again == known))
    return address, found


def destroyed(tx: Writing, identities: Sequence[str]) -> None:
    """Delete what holds on these subjects sealed, and their keys."""
    for identity in identities:
        tx.conn.execute(held.delete().where(held.c.subject == identity))
        tx.conn.execute(holds.delete().where(holds.c.subject == identity))


def _seal(
    tx: Writing, hold: Held, subject: Subject, known: str, row: str, sealed: bytes, sealed_ip: bytes
) -> None:
    own = tx.parts.vault
    try:
        salt, text = own.open_salted(subject.id, subject.wrapped, row, blob(sealed))
        ip = own.open_ip(subject.id, subject.wrapped, row, blob(sealed_ip))[0] if sealed_ip else ""
    except WrongKeys as fault:
        log.warning("a damaged row of evidence is not under its hold: %s", fault)
        return
    _put(tx, hold, known, Piece(text.decode(), salt.hex(), ip, row))


def _put(tx: Writing, hold: Held, known: str, piece: Piece) -> None:
    row = tx.parts.entropy(16).hex()
    sealed = hold_vault(tx).seal(hold.subject, hold.wrapped, row, _PIECE, msgspec.json.encode(piece))
    _PUT.run(tx.driver, subject=hold.subject, commitment=known, row=row, sealed=sealed)
