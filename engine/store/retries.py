"""What is tried again: how often it was tried in vain, and when its next try comes.

Mails that the mail server deferred, calls of webhooks, and people who are set aside: all stand here, so that
the pauses go on growing where they were when Virta is started anew.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    exists,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.store import schema as t
from engine.store.statement import Driver, Statement

Kind: TypeAlias = Literal["mail", "call", "person"]

retry = Table(
    "retry",
    t.metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("kind", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    sqlite_with_rowid=False,
)


class Retry(Struct, frozen=True):
    """`key` is that of the effect, or the id of the person. `tries` were in vain; the next comes at `due` (ms
    UTC), and of a mail it is that `attempt`."""

    key: str
    kind: Kind
    tries: int
    due: int
    attempt: int = 0


def put(driver: Driver, retries: Sequence[Retry]) -> None:
    """Write down when something is tried again; of more than one word about a key the last counts. An effect
    that is not there is not tried again: it is over, its person was erased, or it is a proof mail, of which
    the consent service knows."""
    newest = {one.key: one for one in retries}.values()
    _PUT.run_many(
        driver, [(bytes.fromhex(one.key), one.kind, one.tries, one.due, one.attempt) for one in newest]
    )
    _NOT_THERE.run_many(driver, [(bytes.fromhex(one.key),) for one in newest if one.kind != "person"])


def drop(driver: Driver, keys: Sequence[str]) -> None:
    """These are over."""
    _DROP.run_many(driver, [(bytes.fromhex(key),) for key in keys])


def find(driver: Driver) -> list[Retry]:
    """All that is tried again, the next first."""
    return [Retry(key.hex(), *rest) for key, *rest in _ALL.rows(driver)]


_put = upsert(retry)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["key"],
        set_={name: _put.excluded[name] for name in ("kind", "tries", "due", "attempt")},
    )
)
_DROP = Statement(delete(retry).where(retry.c.key == bindparam("key_")))
_NOT_THERE = Statement(
    delete(retry).where(
        retry.c.key == bindparam("key_"), ~exists().where(t.effect.c.key == retry.c.key).correlate(retry)
    )
)
_ALL = Statement(
    select(retry.c.key, retry.c.kind, retry.c.tries, retry.c.due, retry.c.attempt).order_by(
        retry.c.due, retry.c.key
    )
)
