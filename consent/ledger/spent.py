"""Mails that are over for good and whose decisions were let go: what is left is a number made of their key,
by which nobody gets one of them twice, whatever old copy of an engine asks for it."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.transaction import Reading, Writing
from consent.store.statement import Statement
from consent.store.tables import among, spent

_ANY = Statement(select(spent.c.mark).where(spent.c.mark >= bindparam("least")).limit(1))
_AMONG = Statement(select(spent.c.mark, spent.c.attempt, spent.c.outcome).where(among(spent.c.mark, "marks")))
_PUT = Statement(insert(spent).on_conflict_do_nothing())


class Spent(Struct, frozen=True):
    """The last attempt of a mail, and how it ended."""

    attempt: int
    outcome: str


def spend(tx: Writing, ended: Iterable[tuple[str, int, str]]) -> None:
    """Note of each key its last attempt, and how that ended."""
    _PUT.run_many(tx.driver, [(mark(key), attempt, outcome) for key, attempt, outcome in ended])


def spent_among(reading: Reading, keys: Sequence[str]) -> dict[str, Spent]:
    """Those of the keys that are over for good, and whose decisions were let go."""
    if not keys or _ANY.first(reading.driver, least=0) is None:
        return {}
    marks = {mark(key): key for key in keys}
    rows = _AMONG.rows(reading.driver, marks=json.dumps(list(marks)))
    return {marks[number]: Spent(attempt, outcome) for number, attempt, outcome in rows}


def mark(key: str) -> int:
    """The first 63 bits of a key's SHA-256: among a billion mails two share one in one case of ten."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1
