"""How far decisions were let go: a fact beside the leaves that say so."""

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.transaction import Reading, Writing
from consent.states import DECISIONS_EXPIRED
from consent.store.statement import Statement
from consent.store.tables import facts, leaves


class LetGo(Struct, frozen=True):
    """Up to which batch (its leaf) decisions were let go, as the leaf at `leaf` says; `row` is the first that
    is kept. All leaves before `looked` are old enough; the latest time among them is `latest` (ms UTC)."""

    before: int = 0
    row: int = 0
    leaf: int = 0
    looked: int = 0
    latest: int = 0


NOTHING = LetGo()
_KNOWN = Statement(select(facts.c.value).where(facts.c.name == bindparam("name")))
_NOTE = insert(facts)
_KNOW = Statement(
    _NOTE.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": _NOTE.excluded.value})
)
_AT = Statement(select(leaves.c.at).where(leaves.c.seq == bindparam("of")))


def last_let_go(reading: Reading) -> LetGo:
    """What was let go so far."""
    row = _KNOWN.first(reading.driver, name=DECISIONS_EXPIRED)
    return NOTHING if row is None else msgspec.json.decode(row[0], type=LetGo)


def keep_let_go(tx: Writing, found: LetGo) -> None:
    """Note how far it has come."""
    _KNOW.run(tx.driver, name=DECISIONS_EXPIRED, value=msgspec.json.encode(found))


def decisions_since(reading: Reading) -> int:
    """From when on all decisions are kept (ms UTC); 0: none was let go."""
    known = last_let_go(reading)
    row = _AT.first(reading.driver, of=known.before) if known.leaf else None
    return row[0] if row is not None else 0
