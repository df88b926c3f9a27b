"""Whose an id or an address is that people had before: ids that have become part of others, and addresses
that somebody has left."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.address import read_address
from consent.contract import InvalidAddress
from consent.errors import WrongKeys
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading, Writing
from consent.store.columns import blob, fits
from consent.store.statement import Row, Statement
from consent.store.tables import among, former, merged

_SCHEMA = "former/v1"
_ANY = Statement(select(merged.c.subject).where(merged.c.subject > "").limit(1))
_INTO = Statement(select(merged.c.subject, merged.c.into).where(among(merged.c.subject, "ids")))
_PARTS = Statement(select(merged.c.subject, merged.c.into).where(among(merged.c.into, "ids")))
_BECOME = Statement(insert(merged))
_FOLLOW = Statement(
    update(merged).where(merged.c.into == bindparam("before")).values(into=bindparam("after"))
)
_HAD = insert(former)
_LEAVE = Statement(
    _HAD.on_conflict_do_update(
        index_elements=["lookup"], set_={name: _HAD.excluded[name] for name in ("subject", "address")}
    )
)
_LEFT = Statement(select(former.c.lookup, former.c.address).where(former.c.subject == bindparam("of")))
_ANY_LEFT = Statement(select(former.c.subject).limit(1))
_TAKE = Statement(delete(former).where(former.c.lookup == bindparam("of")))
_FORGET = Statement(delete(former).where(former.c.subject == bindparam("of")))


def living(reading: Reading, ids: Sequence[str]) -> dict[str, str]:
    """Those of the ids that have become part of others, and of whom."""
    if not ids or _ANY.first(reading.driver) is None:
        return {}
    return _told(_INTO.rows(reading.driver, ids=json.dumps(list(ids))))


def load_living(reading: Reading, identity: str) -> Subject | None:
    """The subject with this id, or whom it has become part of; None: there is neither."""
    found = load(reading, [identity]).get(identity)
    if found is None:
        into = living(reading, [identity]).get(identity, "")
        found = load(reading, [into]).get(into) if into else None
    return found


def parts_of(reading: Reading, ids: Iterable[str]) -> dict[str, str]:
    """The ids that have become part of these subjects, and of which."""
    if _ANY.first(reading.driver) is None:
        return {}
    return _told(_PARTS.rows(reading.driver, ids=json.dumps(list(ids))))


def _told(rows: Iterable[Row]) -> dict[str, str]:
    return {part: whole for part, whole in rows if fits((part, whole), (str, str))}


def become(tx: Writing, gone: Subject, into: Subject, ended: int) -> None:
    """A subject is part of another from now on, with all who were part of them and all addresses that they
    had left. `ended` (ms UTC) is when the last that they got or asked for did."""
    for lookup, left in left_by(tx, gone):
        leave_address(tx, into, lookup, left)
    _FOLLOW.run(tx.driver, before=gone.id, after=into.id)
    _BECOME.run(tx.driver, subject=gone.id, into=into.id, ended=ended)


def leave_address(tx: Writing, subject: Subject, lookup: bytes, typed: str) -> None:
    """A subject has left an address, which is found by `lookup`."""
    sealed = tx.parts.vault.seal(subject.id, subject.wrapped, lookup.hex(), _SCHEMA, typed.encode())
    _LEAVE.run(tx.driver, lookup=lookup, subject=subject.id, address=sealed)


def left_by(reading: Reading, subject: Subject) -> list[tuple[bytes, str]]:
    """What the addresses that a subject has left are found by, and how they were typed. One that cannot be
    opened is left out."""
    found = []
    for lookup, sealed in _LEFT.rows(reading.driver, of=subject.id):
        try:
            plain = reading.parts.vault.open(
                subject.id, subject.wrapped, blob(lookup).hex(), _SCHEMA, blob(sealed)
            )
        except WrongKeys:
            continue
        found.append((blob(lookup), plain.decode()))
    return found


def take_address(tx: Writing, subject: Subject) -> None:
    """A subject has proved that their address is theirs: nobody who had it before is found by it any more."""
    if _ANY_LEFT.first(tx.driver) is None:
        return
    vault = tx.parts.vault
    try:
        typed = vault.open_address(subject.id, subject.wrapped, subject.sealed)
        for lookup in vault.lookups(read_address(typed).folded):
            _TAKE.run(tx.driver, of=lookup)
    except (WrongKeys, InvalidAddress):  # what cannot be opened is mailed to nobody
        return


def forget_left(tx: Writing, identity: str) -> None:
    """Forget which addresses a subject had left. Which ids had become part of it stays, as in the log:
    whoever asks by one of them is told what became of the subject."""
    _FORGET.run(tx.driver, of=identity)
